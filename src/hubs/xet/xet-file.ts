import { SluiceError } from '../../base/index.js';
import type { HostGate, Transport } from '../../net/index.js';
import type { XetAccess } from './access.js';
import type { DecodePool } from './decode/pool.js';
import { SEGMENT_BYTES } from './limits.js';
import type { HeldChunks, HeldPart } from './held-chunks.js';
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

/** One file as the content service has it. */
export interface XetFile {
  readonly fileId: string;
  readonly sizeBytes: number;
  readonly counters: XetCounters;
  /**
   * Brings a span of the file, in segments of at most `SEGMENT_BYTES`: one reconstruction each, then its xorb ranges, decoded by the pool. Once this has
   * settled, well or not, nothing writes to the target any more. May be called for several spans at once.
   * @throws SluiceError what the service and the xorbs' hosts meet; BAD_RESPONSE for what cannot be decoded; DIGEST_MISMATCH (final for this source) for a chunk
   * whose hash is known and another; SOURCE_CHANGED; FILE_SYSTEM, DISK_FULL; INTERRUPTED
   */
  fetchSpan(span: ByteSpan, target: XetTarget, progress: XetProgress, signal: AbortSignal): Promise<void>;
  /** What of a span stands in files that are here already; one request. The caller copies it, and fetches what `leftToFetch` says. @throws SluiceError */
  locate(span: ByteSpan, held: HeldChunks, signal: AbortSignal): Promise<readonly HeldPart[]>;
}

export function createXetFile(options: XetFileOptions): XetFile {
  const { fileId, sizeBytes } = options;
  const counters: Counters = {
    wireBytes: 0,
    decodedBytes: 0,
    chunks: 0,
    chunksKnown: 0,
    xorbRequests: 0,
    renewals: 0,
  };
  return {
    fileId,
    sizeBytes,
    counters,
    async fetchSpan(span, target, progress, signal) {
      if (span.startByte < 0 || span.endByte > sizeBytes || span.startByte > span.endByte)
        throw new SluiceError('INTERNAL', { reason: 'a span outside of the file' });
      for (let startByte = span.startByte; startByte < span.endByte;) {
        const endByte = Math.min(span.endByte, startByte + SEGMENT_BYTES);
        await fetchSegment(options, counters, { startByte, endByte }, target, progress, signal);
        startByte = endByte;
      }
    },
    async locate(span, held, signal) {
      if (held.isEmpty || span.startByte === span.endByte) return [];
      const { terms, skipBytes } = await options.access.reconstruct(fileId, span, signal);
      return held.locate(terms, span.startByte - skipBytes);
    },
  };
}
