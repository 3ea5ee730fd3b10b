import { SluiceError } from '../../base/index.js';
import type { HostGate, Transport } from '../../net/index.js';
import type { XetAccess } from './access.js';
import { fetchAroundHeld } from './around-held.js';
import type { ChunkLibrary } from './chunk-library.js';
import { ChunkMap } from './chunk-map.js';
import { encodeChunkDocument } from './chunk-records.js';
import type { DecodePool } from './decode/pool.js';
import type { HeldPart } from './held-chunks.js';
import { LOOK_BYTES, SEGMENT_BYTES } from './limits.js';
import type { ByteSpan, KnownChunks, XetProgress, XetTarget } from './port.js';
import { fetchSegment, type Counters } from './segment.js';

export interface XetFileOptions {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly access: XetAccess;
  readonly pool: DecodePool;
  /** 64 hex: `ManifestFile.xetHash`. */
  readonly fileId: string;
  readonly sizeBytes: number;
  /** As people know the file and the source. */
  readonly path: string;
  readonly source: string;
  /** What is here of other files, and where this one's chunk list goes. */
  readonly library?: ChunkLibrary;
  readonly known?: KnownChunks;
  /** Xorb ranges that one call asks for side by side; 1 unless told. */
  readonly parallel?: number;
}

export interface XetCounters {
  /** Stored bytes of xorbs that came. */
  readonly wireBytes: number;
  /** Raw bytes of chunks that were decoded, each hashed. */
  readonly decodedBytes: number;
  readonly chunks: number;
  /** Of them, chunks whose hash was known and fits. */
  readonly chunksKnown: number;
  /** GETs of xorb ranges. */
  readonly xorbRequests: number;
  /** Times that signed addresses were asked for again. */
  readonly renewals: number;
}

/** What all chunks of a file are together: `incomplete` where some did not come this way. */
export type ChunkVerdict =
  | { readonly state: 'proven' | 'incomplete' }
  | { readonly state: 'wrong'; readonly expected: string; readonly actual: string };

/** One file as the content service has it. */
export interface XetFile {
  readonly fileId: string;
  readonly sizeBytes: number;
  readonly counters: XetCounters;
  /**
   * Brings a span of the file, in segments of at most `SEGMENT_BYTES`: one reconstruction each, then its xorb ranges, decoded by the pool. What `look` found
   * is copied instead. Once this has settled, well or not, nothing writes to the target any more. May be called for several spans at once.
   * @throws SluiceError what the service and the xorbs' hosts meet; BAD_RESPONSE for what cannot be decoded; DIGEST_MISMATCH (final for this source) for a chunk
   * whose hash is known and another; SOURCE_CHANGED; FILE_SYSTEM, DISK_FULL; INTERRUPTED
   */
  fetchSpan(span: ByteSpan, target: XetTarget, progress: XetProgress, signal: AbortSignal): Promise<void>;
  /** Finds which chunks of it are here in other files; no request where nothing is known of any. Gives how many bytes. @throws SluiceError */
  look(signal: AbortSignal): Promise<number>;
  /** Holds the chunks that came, all together, against the file's id. @throws SluiceError */
  judge(): Promise<ChunkVerdict>;
  /** Writes down which chunks are where, for files to come; the content is kept under `sha256`. @throws SluiceError, and what the library's files throw */
  keep(sha256: string, isProven: boolean): Promise<void>;
}

export function createXetFile(options: XetFileOptions): XetFile {
  return new File(options);
}

class File implements XetFile {
  readonly fileId: string;
  readonly sizeBytes: number;
  readonly counters: Counters;
  readonly #options: XetFileOptions;
  readonly #map: ChunkMap;
  #parts: readonly HeldPart[] = [];

  constructor(options: XetFileOptions) {
    const { fileId, sizeBytes, library } = options;
    this.fileId = fileId;
    this.sizeBytes = sizeBytes;
    this.#options = library === undefined ? options : { known: library.held, ...options };
    this.#map = new ChunkMap(sizeBytes);
    this.counters = { wireBytes: 0, decodedBytes: 0, chunks: 0, chunksKnown: 0, xorbRequests: 0, renewals: 0 };
  }

  async fetchSpan(span: ByteSpan, target: XetTarget, given: XetProgress, signal: AbortSignal): Promise<void> {
    if (span.startByte < 0 || span.endByte > this.sizeBytes || span.startByte > span.endByte)
      throw new SluiceError('INTERNAL', { reason: 'a span outside of the file' });
    const progress: XetProgress = {
      ...given,
      hashed: (chunks) => {
        this.#map.add(chunks);
        given.hashed?.(chunks);
      },
    };
    const parts = this.#parts.filter(
      ({ position, lengthBytes }) => position < span.endByte && position + lengthBytes > span.startByte,
    );
    if (parts.length === 0) return this.#fetch(span, target, progress, signal);
    await fetchAroundHeld({
      span,
      parts,
      target,
      progress,
      signal,
      pool: this.#options.pool,
      fetch: (left, watched, ended) => this.#fetch(left, target, watched, ended),
      onWrong: (wrong) => (this.#parts = this.#parts.filter((part) => part !== wrong)),
    });
  }

  async look(signal: AbortSignal): Promise<number> {
    const { library, access } = this.#options;
    if (library === undefined || (await library.isEmpty())) return 0;
    const found: HeldPart[] = [];
    for (let startByte = 0; startByte < this.sizeBytes; startByte += LOOK_BYTES) {
      const window = { startByte, endByte: Math.min(this.sizeBytes, startByte + LOOK_BYTES) };
      const { terms, skipBytes } = await access.reconstruct(this.fileId, window, signal);
      await library.load(terms.map(({ xorb }) => xorb));
      found.push(...library.held.locate(terms, startByte - skipBytes));
    }
    this.#parts = found;
    return found.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  }

  async judge(): Promise<ChunkVerdict> {
    const actual = await this.#map.fileId(this.#options.pool);
    if (actual === undefined) return { state: 'incomplete' };
    return actual === this.fileId ? { state: 'proven' } : { state: 'wrong', expected: this.fileId, actual };
  }

  async keep(sha256: string, isProven: boolean): Promise<void> {
    const { spans } = this.#map;
    if (spans.length === 0) return;
    await this.#options.library?.keep(sha256, encodeChunkDocument({ ...this.#options, isProven }, spans));
  }

  async #fetch(span: ByteSpan, target: XetTarget, progress: XetProgress, signal: AbortSignal): Promise<void> {
    for (let startByte = span.startByte; startByte < span.endByte;) {
      const endByte = Math.min(span.endByte, startByte + SEGMENT_BYTES);
      await fetchSegment(this.#options, this.counters, { startByte, endByte }, target, progress, signal);
      startByte = endByte;
    }
  }
}
