import { SluiceError } from '../../base/index.js';
import { HASH_BYTES, hashText } from './codec/hash-text.js';
import type { DecodePool } from './decode/pool.js';
import { endOf, type ByteSpan, type ChunkSpan } from './port.js';

/** All chunks of a file in order. */
interface Assembled {
  readonly hashes: Uint8Array;
  readonly lengths: Uint32Array;
}

/**
 * The chunks of one file as they become known, in any order: about 36 bytes each (0.06 % of the file). A chunk across the edge of two fetches may come
 * twice. What it has can be written down and read back by `chunk-records.ts`.
 */
export class ChunkMap {
  readonly #sizeBytes: number;
  readonly #spans: ChunkSpan[] = [];

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  add(span: ChunkSpan): void {
    this.#spans.push(span);
  }

  /** What was added, by position. */
  get spans(): readonly ChunkSpan[] {
    return this.#spans.sort((a, b) => a.position - b.position || b.lengths.length - a.lengths.length);
  }

  /** Whether every byte belongs to a known chunk. */
  get isComplete(): boolean {
    return this.#assemble() !== undefined;
  }

  /**
   * Proves that these are the chunks of the file with this id.
   * @throws SluiceError DIGEST_MISMATCH; also when chunks are missing or do not follow one another
   */
  async prove(
    pool: DecodePool,
    fileId: string,
    names: { readonly path: string; readonly source: string },
  ): Promise<void> {
    const chunks = this.#assemble();
    const actual =
      chunks === undefined ? 'chunks with gaps' : hashText((await pool.fileId(chunks.hashes, chunks.lengths)).fileId);
    if (actual !== fileId)
      throw new SluiceError('DIGEST_MISMATCH', { ...names, algorithm: 'the Xet file id', expected: fileId, actual });
  }

  /**
   * Where the fault may lie once the whole is wrong: every span of bytes except those from xorbs whose known chunks are, all together, what the xorb's
   * own hash says. (A xorb of which the file uses only a part cannot clear itself.)
   */
  async suspects(pool: DecodePool): Promise<readonly ByteSpan[]> {
    const suspected: ByteSpan[] = [];
    for (const [xorb, spans] of groupByXorb(this.spans)) {
      const chunks = consecutive(spans);
      const isProven =
        chunks !== undefined && hashText((await pool.fileId(chunks.hashes, chunks.lengths)).root) === xorb;
      if (!isProven) for (const span of spans) suspected.push({ startByte: span.position, endByte: endOf(span) });
    }
    return united(suspected.sort((a, b) => a.startByte - b.startByte));
  }

  #assemble(): Assembled | undefined {
    const parts: Assembled[] = [];
    let position = 0;
    for (const span of this.spans) {
      if (span.position > position) return undefined;
      const rest = from(span, position);
      if (rest === undefined) return undefined;
      parts.push(rest);
      position = Math.max(position, endOf(span));
    }
    return position === this.#sizeBytes ? concatenated(parts) : undefined;
  }
}

/** Spans that touch or overlap become one. */
function united(spans: readonly ByteSpan[]): ByteSpan[] {
  const out: ByteSpan[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last === undefined || span.startByte > last.endByte) out.push(span);
    else out[out.length - 1] = { ...last, endByte: Math.max(last.endByte, span.endByte) };
  }
  return out;
}

/** The chunks of a span that begin at `position` or later; undefined when one lies across it. */
function from(span: ChunkSpan, position: number): Assembled | undefined {
  let index = 0;
  let at = span.position;
  for (; index < span.lengths.length && at < position; index += 1) at += span.lengths[index] ?? 0;
  if (at > position) return undefined;
  return { hashes: span.hashes.subarray(index * HASH_BYTES), lengths: span.lengths.subarray(index) };
}

/** The chunks of a xorb from the first one on, as far as they are known without a gap; undefined when the first is not known. */
function consecutive(spans: readonly ChunkSpan[]): Assembled | undefined {
  const parts: Assembled[] = [];
  let next = 0;
  for (const span of [...spans].sort((a, b) => a.firstChunk - b.firstChunk)) {
    const known = next - span.firstChunk;
    if (known < 0) break;
    if (known >= span.lengths.length) continue;
    parts.push({ hashes: span.hashes.subarray(known * HASH_BYTES), lengths: span.lengths.subarray(known) });
    next = span.firstChunk + span.lengths.length;
  }
  return next === 0 ? undefined : concatenated(parts);
}

function concatenated(parts: readonly Assembled[]): Assembled {
  const count = parts.reduce((total, { lengths }) => total + lengths.length, 0);
  const hashes = new Uint8Array(count * HASH_BYTES);
  const lengths = new Uint32Array(count);
  let at = 0;
  for (const part of parts) {
    hashes.set(part.hashes, at * HASH_BYTES);
    lengths.set(part.lengths, at);
    at += part.lengths.length;
  }
  return { hashes, lengths };
}

function groupByXorb(spans: readonly ChunkSpan[]): Map<string, ChunkSpan[]> {
  const groups = new Map<string, ChunkSpan[]>();
  for (const span of spans) {
    const group = groups.get(span.xorb);
    if (group === undefined) groups.set(span.xorb, [span]);
    else group.push(span);
  }
  return groups;
}
