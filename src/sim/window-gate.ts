import { CongestionWindow, SEGMENT_BYTES, type WindowOptions } from './congestion-window.js';
import { REAL_CLOCK, type Gate } from './token-bucket.js';

/** A sender that was idle for so long starts small again. */
const IDLE_MS = 1000;
const STEP_MS = 50;

/** Lets through what a connection's congestion window allows in each round trip. */
export class WindowGate implements Gate {
  readonly #window: CongestionWindow;
  readonly #rttMs: number;
  readonly #clock: typeof REAL_CLOCK;
  #leftBytes = 0;
  #nextRoundMs = -Infinity;
  #queue: Promise<void> = Promise.resolve();

  constructor(options: WindowOptions, clock = REAL_CLOCK) {
    this.#window = new CongestionWindow(options);
    this.#rttMs = options.rttMs;
    this.#clock = clock;
  }

  /** Nothing less than a segment is worth a write, and the window itself does the pacing. */
  bytesIn(): number {
    return Math.max(SEGMENT_BYTES, Math.floor(this.#leftBytes));
  }

  async take(bytes: number, isOver: () => boolean = () => false): Promise<void> {
    // Pipelined answers share their connection's window.
    const turn = this.#queue.then(() => this.#pass(bytes, isOver));
    this.#queue = turn;
    return turn;
  }

  async #pass(bytes: number, isOver: () => boolean): Promise<void> {
    for (let owed = bytes; !isOver();) {
      const paid = Math.min(owed, this.#leftBytes);
      this.#leftBytes -= paid;
      owed -= paid;
      if (owed === 0) return;
      await this.#untilNextRound(isOver);
    }
  }

  async #untilNextRound(isOver: () => boolean): Promise<void> {
    for (let nowMs = this.#clock.nowMs(); nowMs < this.#nextRoundMs; nowMs = this.#clock.nowMs()) {
      if (isOver()) return;
      await this.#clock.sleep(Math.min(STEP_MS, this.#nextRoundMs - nowMs));
    }
    const nowMs = this.#clock.nowMs();
    const idleMs = nowMs - this.#nextRoundMs;
    if (idleMs > IDLE_MS) this.#window.restart();
    const { bytes, silentMs } = this.#window.nextRound();
    this.#leftBytes = bytes;
    // A timer that rang late does not make the line slower.
    const startMs = idleMs > this.#rttMs ? nowMs : this.#nextRoundMs;
    this.#nextRoundMs = startMs + this.#rttMs + silentMs;
  }
}
