import type { Spans } from '../../hubs/index.js';
import type { Followers } from '../../proof/index.js';
import type { RateLimiter } from '../budget/shared-bucket.js';
import type { Carriage, CarryListener } from './carriers.js';
import type { CarryEnd, CarryOrder, LeftPart } from './messages.js';
import { PieceSums } from './piece-sums.js';
import { plainFailure } from './plain-failure.js';
import { Slot } from './slot.js';

export interface SpanMeans {
  readonly followers: Followers;
  readonly limiter: RateLimiter;
  /** The partial's data. */
  readonly file: { readonly fd: number; readonly turn: SharedArrayBuffer; readonly reach?: SharedArrayBuffer };
}

/** A run of pieces whose bytes are put together and written by somebody else. What these do not sum up is read back to be hashed. */
export function carrySpans(spans: Spans, order: CarryOrder, listener: CarryListener, means: SpanMeans): Carriage {
  const run = new SpanRun(spans, order, listener, means);
  return { ended: run.run(), stop: (kill) => run.stop(kill) };
}

class SpanRun {
  readonly #spans: Spans;
  readonly #order: CarryOrder;
  readonly #listener: CarryListener;
  readonly #means: SpanMeans;
  readonly #slot: Slot;
  readonly #ending = new AbortController();
  readonly #startByte: number;
  #written: number;
  #hashing: Promise<void> = Promise.resolve();
  /** Where accidents are all that a piece's digest has to find. */
  readonly #sums: PieceSums | undefined;
  #isDone = false;
  readonly #copied: { readonly startByte: number; readonly endByte: number }[] = [];
  #isKilled = false;

  constructor(spans: Spans, order: CarryOrder, listener: CarryListener, means: SpanMeans) {
    this.#spans = spans;
    this.#order = order;
    this.#listener = listener;
    this.#means = means;
    this.#slot = new Slot(order.slot);
    this.#startByte = this.#startOf(order.first) + order.filledBytes;
    this.#written = this.#startByte;
    this.#sums = order.algorithm === 'crc32' ? new PieceSums(order.pieceBytes) : undefined;
  }

  stop(kill: boolean): void {
    this.#isKilled ||= kill;
    this.#ending.abort();
  }

  /** Never rejects. */
  async run(): Promise<CarryEnd> {
    const { asked } = this.#order;
    const { signal } = this.#ending;
    let outcome: CarryEnd['outcome'] = { end: undefined };
    this.#slot.asked();
    try {
      await this.#spans.fetch(
        { startByte: this.#startByte, endByte: asked.range?.endByte ?? asked.sizeBytes },
        this.#sums === undefined ? this.#means.file : { ...this.#means.file, sumBytes: this.#order.pieceBytes },
        {
          received: (wireBytes) => {
            this.#slot.stirred();
            return this.#means.limiter.take(wireBytes, signal);
          },
          written: (sums) => this.#sums?.add(sums),
          advanced: (endByte) => this.#advance(endByte),
          copied: (startByte, endByte) => this.#copied.push({ startByte, endByte }),
        },
        signal,
      );
    } catch (thrown) {
      if (!this.#isDone) outcome = { failure: plainFailure(thrown) };
    }
    let left: LeftPart | undefined;
    try {
      await this.#hashing;
      if (!this.#isDone && !this.#isKilled) left = await this.#leave();
    } catch (thrown) {
      outcome = { failure: plainFailure(thrown) };
    }
    return { outcome, left, ignoredRange: false, requests: 0, copiedBytes: this.#copiedBytes() };
  }

  /** Of the bytes that count as brought by this run: what was copied beyond them is copied again by whoever goes on. */
  #copiedBytes(): number {
    return this.#copied.reduce(
      (sum, { startByte, endByte }) => sum + Math.max(0, Math.min(endByte, this.#written) - startByte),
      0,
    );
  }

  #advance(endByte: number): void {
    if (this.#isDone || endByte <= this.#written) return;
    let reached = endByte;
    for (;;) {
      const index = this.#current();
      if (this.#endOf(index) > endByte) break;
      const isLast = !this.#slot.goOn();
      this.#land(index, isLast);
      this.#isDone = isLast;
      if (isLast) {
        // The rest was given to somebody else meanwhile, and is not counted here.
        reached = this.#endOf(index);
        this.#ending.abort();
        break;
      }
    }
    this.#slot.came(reached - this.#written);
    this.#written = reached;
    this.#slot.at(Math.min(endByte, this.#endOf(this.#current())));
  }

  #land(index: number, isLast: boolean): void {
    const sum = this.#sums?.take(index, this.#endOf(index));
    const digests = sum === undefined ? this.#readBack(this.#startOf(index), this.#endOf(index)) : [sum];
    this.#hashing = this.#hashing.then(async () => {
      const [digest] = await digests;
      if (digest === undefined) throw new Error(`${this.#order.dataPath} ends within piece ${index}`);
      if (!this.#isKilled) this.#listener.onLanded(index, digest, isLast);
    });
  }

  async #leave(): Promise<LeftPart | undefined> {
    const index = this.#current();
    const startByte = this.#startOf(index);
    const filledBytes = this.#written - startByte;
    if (filledBytes <= 0) return undefined;
    const [digest] = await this.#readBack(startByte, this.#written);
    return digest === undefined ? undefined : { index, filledBytes, digest };
  }

  #readBack(startByte: number, endByte: number): Promise<readonly (string | undefined)[]> {
    const { dataPath, algorithm } = this.#order;
    const digests = this.#means.followers.hashRanges(dataPath, [{ startByte, endByte, algorithm }]);
    // Whoever waits for it may come later.
    digests.catch(() => undefined);
    return digests;
  }

  #current(): number {
    return this.#order.first + this.#slot.current;
  }

  #startOf(index: number): number {
    return index * this.#order.pieceBytes;
  }

  #endOf(index: number): number {
    return Math.min(this.#startOf(index + 1), this.#order.asked.sizeBytes);
  }
}
