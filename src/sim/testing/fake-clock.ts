import type { Clock } from '../token-bucket.js';

/** Time that passes only by sleeping. */
export class FakeClock implements Clock {
  #nowMs = 1000;

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    this.#nowMs += ms;
    return Promise.resolve();
  }
}
