import { HASH_BYTES, hashText } from './codec/hash-text.js';
import type { DecodePool } from './decode/pool.js';
import { endOf, type ChunkSpan } from './port.js';

/** All chunks of a file in order. */
interface Assembled {
  readonly hashes: Uint8Array;
  readonly lengths: Uint32Array;
}

/**
 * The chunks of one file as they become known, in any order: about 36 bytes each (0.06 % of the file). A chunk across the edge of two fetches may come
 * twice. `chunk-records.ts` writes it down.
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

  /** What was added, by position; what came last stands before what came first. */
  get spans(): readonly ChunkSpan[] {
    return this.#spans.toReversed().sort((a, b) => a.position - b.position || b.lengths.length - a.lengths.length);
  }

  /** Whether every byte belongs to a known chunk. */
  get isComplete(): boolean {
    return this.#assemble() !== undefined;
  }

  /** What id these chunks give, in the text form of hashes; undefined when some are missing or do not follow one another. @throws SluiceError */
  async fileId(pool: DecodePool): Promise<string | undefined> {
    const chunks = this.#assemble();
    return chunks && hashText((await pool.fileId(chunks.hashes, chunks.lengths)).fileId);
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

/** The chunks of a span that begin at `position` or later; undefined when one lies across it. */
function from(span: ChunkSpan, position: number): Assembled | undefined {
  let index = 0;
  let at = span.position;
  for (; index < span.lengths.length && at < position; index += 1) at += span.lengths[index] ?? 0;
  if (at > position) return undefined;
  return { hashes: span.hashes.subarray(index * HASH_BYTES), lengths: span.lengths.subarray(index) };
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
