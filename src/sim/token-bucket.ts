import { setTimeout as sleep } from 'node:timers/promises';

const BURST_MS = 20;
/** A change of rate is felt within this time by those who wait. */
const STEP_MS = 50;
/** Timers are no finer; what is due sooner goes at once and is paid for afterwards. */
const GRAIN_MS = 1;

export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<unknown>;
}

export const REAL_CLOCK: Clock = { nowMs: () => performance.now(), sleep };

/** Something that bytes must pass on their way out. */
export interface Gate {
  /** How many bytes go through in a time, at least one. */
  bytesIn(ms: number): number;
  /** Resolves when `bytes` may be sent, or as soon as `isOver` says that nobody wants them any more. */
  take(bytes: number, isOver?: () => boolean): Promise<void>;
}

/** Lets bytes pass at a rate, which may change at any time (0: nothing passes, Infinity: everything), those who wait in the order in which they came. */
export class TokenBucket implements Gate {
  readonly #clock: Clock;
  #bytesPerMs: number;
  #creditBytes: number;
  #countedMs: number;
  #waiting = 0;
  #queue: Promise<void> = Promise.resolve();

  constructor(bytesPerSecond: number, clock = REAL_CLOCK) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#creditBytes = this.#burstBytes;
    this.#countedMs = clock.nowMs();
  }

  set bytesPerSecond(rate: number) {
    this.#earn();
    this.#bytesPerMs = rate / 1000;
    this.#creditBytes = Math.min(this.#creditBytes, this.#burstBytes);
  }

  bytesIn(ms: number): number {
    return Math.max(1, Math.floor(this.#bytesPerMs * ms));
  }

  async take(bytes: number, isOver: () => boolean = () => false): Promise<void> {
    const isAlone = this.#waiting === 0;
    this.#waiting += 1;
    const turn = this.#queue.then(() => this.#pass(bytes, isOver, isAlone));
    this.#queue = turn;
    await turn;
    this.#waiting -= 1;
  }

  async #pass(bytes: number, isOver: () => boolean, isAlone: boolean): Promise<void> {
    this.#earn();
    // Time in which nobody wanted anything is worth a burst; a timer that rang late while others waited is worth all of it.
    if (isAlone) this.#creditBytes = Math.min(this.#creditBytes, this.#burstBytes);
    while (!isOver()) {
      if (this.#bytesPerMs === Infinity) return;
      const waitMs = bytes <= this.#creditBytes ? 0 : (bytes - this.#creditBytes) / this.#bytesPerMs;
      if (waitMs <= GRAIN_MS) {
        this.#creditBytes -= bytes;
        return;
      }
      await this.#clock.sleep(Math.min(waitMs, STEP_MS));
      this.#earn();
    }
  }

  get #burstBytes(): number {
    return this.#bytesPerMs * BURST_MS;
  }

  #earn(): void {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = nowMs - this.#countedMs;
    this.#countedMs = nowMs;
    if (this.#bytesPerMs !== Infinity) this.#creditBytes += elapsedMs * this.#bytesPerMs;
  }
}
