import { setTimeout as sleep } from 'node:timers/promises';

const BURST_MS = 20;

export interface BucketClock {
  nowMs(): number;
  sleep(ms: number): Promise<unknown>;
}

const REAL_CLOCK: BucketClock = { nowMs: () => performance.now(), sleep };

/** Lets bytes pass at a rate, those who wait in the order in which they came. */
export class TokenBucket {
  readonly #bytesPerMs: number;
  readonly #clock: BucketClock;
  #freeAtMs = 0;

  constructor(bytesPerSecond: number, clock = REAL_CLOCK) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#clock = clock;
  }

  /** How many bytes the rate allows in a time, at least one. */
  bytesIn(ms: number): number {
    return Math.max(1, Math.floor(this.#bytesPerMs * ms));
  }

  /** Resolves when `bytes` may be sent. */
  async take(bytes: number): Promise<void> {
    const nowMs = this.#clock.nowMs();
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - BURST_MS) + bytes / this.#bytesPerMs;
    const waitMs = this.#freeAtMs - nowMs;
    if (waitMs > 1) await this.#clock.sleep(waitMs);
  }
}
