import { SluiceError } from '../../base/index.js';
import { HASH_BYTES } from './codec/hash-text.js';
import type { CopyOrder } from './decode/copy-chunks.js';
import type { DecodePool } from './decode/pool.js';
import { deliverParts } from './deliver-parts.js';
import { leftToFetch, type HeldPart } from './held-chunks.js';
import { COPY_BYTES, COPY_LANES, WORTHWHILE_GAP_BYTES } from './limits.js';
import type { ByteSpan, ChunkSpan, XetProgress, XetTarget } from './port.js';
import { Prefix } from './prefix.js';

export interface AroundHeld {
  readonly span: ByteSpan;
  /** What of it, or across its edges, is here; ascending. */
  readonly parts: readonly HeldPart[];
  readonly pool: DecodePool;
  readonly target: XetTarget;
  readonly progress: XetProgress;
  readonly signal: AbortSignal;
  /** Brings what is not here. Once it has settled it writes nothing more. */
  fetch(left: ByteSpan, progress: XetProgress, signal: AbortSignal): Promise<void>;
  /** Told of a part that is not what it was said to be; its bytes are fetched. */
  onWrong(part: HeldPart): void;
}

interface Copying {
  readonly part: HeldPart;
  readonly order: CopyOrder;
  readonly chunks: ChunkSpan;
}

/** Brings a span: what is here is copied, each chunk proven by its hash, while the rest is fetched. @throws what `fetch` and the pool throw */
export async function fetchAroundHeld(work: AroundHeld): Promise<void> {
  const { span, parts, progress, signal } = work;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  signal.addEventListener('abort', end, { once: true });
  const prefix = new Prefix(span.startByte);
  const arrived = (startByte: number, endByte: number): void => {
    if (prefix.add(startByte, endByte - startByte)) progress.advanced?.(prefix.endByte);
  };
  const fetchAll = async (spans: readonly ByteSpan[]): Promise<void> => {
    for (const left of spans) {
      let reached = left.startByte;
      const advanced = (endByte: number): void => {
        arrived(reached, endByte);
        reached = endByte;
      };
      await work.fetch(left, { ...progress, advanced }, ending.signal);
    }
  };
  const orEnd = async (task: Promise<void>): Promise<void> => {
    try {
      await task;
    } catch (thrown) {
      end();
      throw thrown;
    }
  };
  try {
    if (signal.aborted) throw new SluiceError('INTERRUPTED');
    const left = leftToFetch(span, parts, WORTHWHILE_GAP_BYTES);
    const wrong: ByteSpan[] = [];
    const copies = copyingOf(span, left, parts).reverse();
    const lane = async (): Promise<void> => {
      for (let next = copies.pop(); next !== undefined; next = copies.pop()) {
        if (ending.signal.aborted) throw new SluiceError('INTERRUPTED');
        await copyOne(work, next, wrong, arrived);
      }
    };
    const lanes = Array.from({ length: COPY_LANES }, () => orEnd(lane()));
    const outcomes = await Promise.allSettled([orEnd(fetchAll(left)), ...lanes]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    // The first one made the others end.
    const failed = failures.find((reason) => !(reason instanceof SluiceError && reason.code === 'INTERRUPTED'));
    if (failures.length > 0) throw failed ?? failures[0];
    await fetchAll(wrong.sort((a, b) => a.startByte - b.startByte));
  } finally {
    signal.removeEventListener('abort', end);
  }
}

async function copyOne(
  { pool, target, progress, ...work }: AroundHeld,
  { part, order, chunks }: Copying,
  wrong: ByteSpan[],
  arrived: (startByte: number, endByte: number) => void,
): Promise<void> {
  const { startByte, endByte } = order;
  const copied = await pool.copy(order, 'fd' in target ? target : undefined);
  if ('fault' in copied) {
    work.onWrong(part);
    wrong.push({ startByte, endByte });
    return;
  }
  await deliverParts(copied.parts, target);
  if (copied.sums.length > 0) progress.written?.(copied.sums);
  progress.copied?.(startByte, endByte);
  progress.hashed?.(chunks);
  arrived(startByte, endByte);
}

/** What is not left to be fetched, in portions for one thread each; ascending. */
function copyingOf(span: ByteSpan, left: readonly ByteSpan[], parts: readonly HeldPart[]): Copying[] {
  const copies: Copying[] = [];
  let at = span.startByte;
  const copyUpTo = (endByte: number): void => {
    for (const part of parts) {
      if (at >= endByte) return;
      if (part.position <= at && part.position + part.lengthBytes > at) {
        const partEnd = Math.min(endByte, part.position + part.lengthBytes);
        copies.push(...portionsOf(part, at, partEnd));
        at = partEnd;
      }
    }
  };
  for (const { startByte, endByte } of [...left, { startByte: span.endByte, endByte: span.endByte }]) {
    copyUpTo(startByte);
    at = endByte;
  }
  return copies;
}

/** The chunks of a part that have bytes of [startByte, endByte), so many at a time. */
function* portionsOf(part: HeldPart, startByte: number, endByte: number): Generator<Copying> {
  const { hashes, lengths, xorb, firstChunk } = part.chunks;
  let position = part.position;
  let first = 0;
  for (; first < lengths.length && position + (lengths[first] ?? 0) <= startByte; first += 1)
    position += lengths[first] ?? 0;
  while (first < lengths.length && position < endByte) {
    let end = first;
    let bytes = 0;
    for (; end < lengths.length && position + bytes < endByte && bytes < COPY_BYTES; end += 1)
      bytes += lengths[end] ?? 0;
    const portion = { hashes: hashes.slice(first * HASH_BYTES, end * HASH_BYTES), lengths: lengths.slice(first, end) };
    yield {
      part,
      order: {
        ...portion,
        path: part.blob,
        fromByte: part.blobPosition + position - part.position,
        position,
        startByte: Math.max(position, startByte),
        endByte: Math.min(position + bytes, endByte),
      },
      chunks: { ...portion, xorb, firstChunk: firstChunk + first, position },
    };
    position += bytes;
    first = end;
  }
}
