import type { BodySink, ResponseHead } from '../../net/index.js';
import type { RateLimiter } from '../budget/shared-bucket.js';
import type { Slot } from '../carry/slot.js';
import { checkAnswer, sizeMismatch, type Asked } from '../request/check-answer.js';

export interface SmallBodyOptions {
  readonly asked: Asked;
  /** As long as the file. */
  readonly bytes: Buffer;
  readonly slot: Slot;
  readonly limiter: RateLimiter;
  readonly signal: AbortSignal;
  readonly onHead: (head: ResponseHead) => void;
}

/** Takes the body of one small file, which a transport that can reads straight to where it is proven and written from. */
export class SmallBody implements BodySink {
  readonly #options: SmallBodyOptions;
  #filledBytes = 0;
  /** An answer that is no 2xx; its body is not read. */
  refusal: ResponseHead | undefined;

  constructor(options: SmallBodyOptions) {
    this.#options = options;
  }

  get isWhole(): boolean {
    return this.#filledBytes === this.#options.bytes.length;
  }

  onHead(head: ResponseHead): boolean {
    const { asked, onHead } = this.#options;
    onHead(head);
    if (head.status < 200 || head.status > 299) {
      this.refusal = head;
      return false;
    }
    checkAnswer(asked, head);
    return true;
  }

  room(): Buffer | undefined {
    return this.isWhole ? undefined : this.#options.bytes.subarray(this.#filledBytes);
  }

  onData(chunk: Buffer): void | Promise<void> {
    const { asked, bytes, slot, limiter, signal } = this.#options;
    const filledBytes = this.#filledBytes + chunk.length;
    if (filledBytes > bytes.length) throw sizeMismatch(asked, filledBytes);
    const isThere = chunk.buffer === bytes.buffer && chunk.byteOffset === bytes.byteOffset + this.#filledBytes;
    if (!isThere) chunk.copy(bytes, this.#filledBytes);
    this.#filledBytes = filledBytes;
    slot.came(chunk.length);
    return limiter.take(chunk.length, signal);
  }
}
