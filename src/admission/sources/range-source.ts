import { SluiceError } from '../../base/index.js';
import type { Source } from '../../hubs/index.js';
import { fetchSmall, type SmallContext } from '../../net/index.js';
import type { ByteSource } from '../../scan/index.js';

/** Readers of formats ask for a few bytes at a time; the way is longer than the bytes. */
const BLOCK_BYTES = 64 * 1024;
const MOST_BLOCKS = 128;

/** More would have to be read than a look from afar is worth. */
export class TooFar extends Error {
  override readonly name = 'TooFar';
}

export interface RangeSourceOptions {
  readonly source: Source;
  readonly sizeBytes: number;
  readonly wires: SmallContext;
  /** Most bytes that may be asked for. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

/** Bytes of a file that stays where it is, asked for by ranges in blocks that are remembered. Rejects with `TooFar` beyond its limit. */
export class RangeSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #options: RangeSourceOptions;
  /** Least recently used first. */
  readonly #blocks = new Map<number, Promise<Buffer>>();
  #askedBytes = 0;

  constructor(options: RangeSourceOptions) {
    this.#options = options;
    this.sizeBytes = options.sizeBytes;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    const first = Math.floor(offset / BLOCK_BYTES);
    const last = Math.floor((offset + length - 1) / BLOCK_BYTES);
    if (last - first >= MOST_BLOCKS) return this.#ask(offset, offset + length);
    this.#askMissing(first, last);
    const blocks = await Promise.all(this.#range(first, last).flatMap((index) => this.#blocks.get(index) ?? []));
    this.#forgetOldest(first, last);
    const startByte = offset - first * BLOCK_BYTES;
    return Buffer.concat(blocks).subarray(startByte, startByte + length);
  }

  #range(first: number, last: number): readonly number[] {
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }

  /** Neighbours that are missing are asked for together. */
  #askMissing(first: number, last: number): void {
    for (let index = first; index <= last; index += 1) {
      if (this.#blocks.has(index)) continue;
      let end = index + 1;
      while (end <= last && !this.#blocks.has(end)) end += 1;
      const [startByte, endByte] = [index * BLOCK_BYTES, Math.min(end * BLOCK_BYTES, this.sizeBytes)];
      const asked = this.#ask(startByte, endByte);
      for (let each = index; each < end; each += 1) {
        const at = (each - index) * BLOCK_BYTES;
        const block = asked.then((bytes) => bytes.subarray(at, at + BLOCK_BYTES));
        block.catch(() => this.#blocks.delete(each));
        this.#blocks.set(each, block);
      }
      index = end - 1;
    }
  }

  #forgetOldest(first: number, last: number): void {
    for (const index of this.#blocks.keys()) {
      if (this.#blocks.size <= MOST_BLOCKS) break;
      if (index < first || index > last) this.#blocks.delete(index);
    }
  }

  async #ask(startByte: number, endByte: number): Promise<Buffer> {
    const { source, wires, signal, mostBytes } = this.#options;
    const length = endByte - startByte;
    this.#askedBytes += length;
    if (this.#askedBytes > mostBytes) throw new TooFar(`more than ${mostBytes} bytes`);
    const { url, headers, credentials } = source;
    const { host } = new URL(url);
    const { head, body } = await fetchSmall(wires, {
      url,
      ...(headers === undefined ? {} : { headers }),
      ...(credentials === undefined ? {} : { credentials }),
      range: { startByte, endByte },
      signal,
      // A server without ranges sends everything: what is longer than a block is not read.
      limitBytes: length,
      failure: (refused, text) => source.failure(refused, text),
      onRedirect: (target) => source.redirected?.(target),
    });
    const isAll = head.status === 200 && startByte === 0 && endByte === this.sizeBytes;
    const isRange = head.status === 206 && rangeOf(head.headers['content-range']) === `${startByte}-${endByte - 1}`;
    if ((!isAll && !isRange) || body.length !== length)
      throw new SluiceError('BAD_RESPONSE', { host, reason: 'other bytes than were asked for' });
    return body;
  }
}

function rangeOf(header: string | undefined): string | undefined {
  return /^bytes (\d+-\d+)\/(?:\d+|\*)$/.exec(header ?? '')?.[1];
}
