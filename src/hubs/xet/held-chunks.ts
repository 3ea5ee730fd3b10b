import { HASH_BYTES } from './codec/hash-text.js';
import type { ByteSpan, ChunkSpan, KnownChunks } from './port.js';
import type { Term } from './wire.js';

/** Bytes of a file that stand in another one, which is here already. */
export interface HeldPart {
  /** Where they belong. */
  readonly position: number;
  readonly lengthBytes: number;
  /** Where they are. */
  readonly blob: string;
  readonly blobPosition: number;
  /** Their chunks, as the new file has them. */
  readonly chunks: ChunkSpan;
}

interface HeldSpan {
  readonly blob: string;
  readonly span: ChunkSpan;
  readonly isProven: boolean;
}

/**
 * What is known of xorbs from files that were landed before (a previous revision, another model): the chunk lists beside their blobs. The service
 * tells which chunks of which xorbs a file is made of but never their hashes, so a chunk is recognised by its xorb and its index there.
 */
export class HeldChunks implements KnownChunks {
  readonly #byXorb = new Map<string, HeldSpan[]>();

  /** `blob` names where the content stands; `isProven`: the chunks give the id of their file, so that others can be judged by them. */
  add(blob: string, spans: readonly ChunkSpan[], isProven: boolean): void {
    for (const span of spans) {
      const list = this.#byXorb.get(span.xorb) ?? [];
      this.#byXorb.set(span.xorb, list);
      list.push({ blob, span, isProven });
    }
  }

  get isEmpty(): boolean {
    return this.#byXorb.size === 0;
  }

  expected(xorb: string, chunk: number): Uint8Array | undefined {
    const held = this.#byXorb.get(xorb)?.find((each) => each.isProven && isWithin(each.span, chunk));
    if (held === undefined) return undefined;
    const index = chunk - held.span.firstChunk;
    return held.span.hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  /**
   * Parts of these terms that are here, ascending. The first term begins at `position`. Within a term the lengths of chunks that are not here are
   * unknown, so only a run from its beginning and one up to its end can be placed.
   */
  locate(terms: readonly Term[], position: number): readonly HeldPart[] {
    const parts: HeldPart[] = [];
    let at = position;
    for (const term of terms) {
      parts.push(...this.#locateIn(term, at));
      at += term.rawBytes;
    }
    return parts;
  }

  #locateIn({ xorb, chunks, rawBytes }: Term, position: number): HeldPart[] {
    const front: HeldPart[] = [];
    let chunk = chunks.start;
    let at = position;
    while (chunk < chunks.end) {
      const held = this.#holding(xorb, chunk);
      if (held === undefined) break;
      const part = partOf(held, chunk, Math.min(chunks.end, endChunk(held.span)), () => at);
      front.push(part);
      at += part.lengthBytes;
      chunk += part.chunks.lengths.length;
    }
    const back: HeldPart[] = [];
    let end = position + rawBytes;
    for (let last = chunks.end; last > chunk;) {
      const held = this.#holding(xorb, last - 1);
      if (held === undefined) break;
      const part = partOf(held, Math.max(chunk, held.span.firstChunk), last, (length) => end - length);
      back.unshift(part);
      end = part.position;
      last -= part.chunks.lengths.length;
    }
    // Lists that contradict the service are not to be trusted.
    if (at > end || (chunk >= chunks.end && at !== position + rawBytes)) return [];
    return [...front, ...back];
  }

  #holding(xorb: string, chunk: number): HeldSpan | undefined {
    return this.#byXorb.get(xorb)?.find(({ span }) => isWithin(span, chunk));
  }
}

/** What of a span is left to fetch when these parts are taken from elsewhere; ascending. Gaps shorter than `worthBytes` between fetches are fetched too. */
export function leftToFetch(span: ByteSpan, parts: readonly HeldPart[], worthBytes: number): readonly ByteSpan[] {
  const left: ByteSpan[] = [];
  let at = span.startByte;
  const leave = (endByte: number): void => {
    const last = left.at(-1);
    if (last !== undefined && at - last.endByte < worthBytes) left[left.length - 1] = { ...last, endByte };
    else left.push({ startByte: at, endByte });
  };
  for (const { position, lengthBytes } of parts) {
    if (position > at) leave(Math.min(position, span.endByte));
    at = Math.max(at, position + lengthBytes);
    if (at >= span.endByte) return left;
  }
  leave(span.endByte);
  return left;
}

function isWithin(span: ChunkSpan, chunk: number): boolean {
  return span.firstChunk <= chunk && chunk < endChunk(span);
}

function endChunk(span: ChunkSpan): number {
  return span.firstChunk + span.lengths.length;
}

/** Chunks [first, end) of a held span, placed by their length. */
function partOf(
  { blob, span }: HeldSpan,
  first: number,
  end: number,
  place: (lengthBytes: number) => number,
): HeldPart {
  const from = first - span.firstChunk;
  const to = end - span.firstChunk;
  const sum = (lengths: Uint32Array): number => lengths.reduce((total, length) => total + length, 0);
  const lengths = span.lengths.subarray(from, to);
  const lengthBytes = sum(lengths);
  const position = place(lengthBytes);
  return {
    position,
    lengthBytes,
    blob,
    blobPosition: span.position + sum(span.lengths.subarray(0, from)),
    chunks: {
      xorb: span.xorb,
      firstChunk: first,
      position,
      hashes: span.hashes.subarray(from * HASH_BYTES, to * HASH_BYTES),
      lengths,
    },
  };
}
