/** The window that is assumed of a host that does not say when it may be asked again. */
const FIRST_WINDOW_MS = 1000;
const LONGEST_WINDOW_MS = 60_000;
/** After a window that was used up without a refusal so much more is tried; the window is so much longer when it was refused although no more was asked. */
const GROWTH = 1.5;

/**
 * How many requests a source lets pass in a stretch of time, learnt from those that it refused: as many as it had let pass by then. Unlimited until
 * it refuses one. Times are of a monotonic clock.
 */
export class Allowance {
  /** Requests in any `windowMs`, once it `counts` them. */
  most = Infinity;
  /** It refused although no more was asked for at once than it had served: it is requests in a time that it counts. */
  counts = false;
  windowMs = FIRST_WINDOW_MS;
  /** When those were made that were not refused, oldest first. */
  #made: number[] = [];
  #changedMs = -Infinity;
  #isUsedUp = false;

  made(nowMs: number): void {
    this.#made.push(nowMs);
  }

  /** How many were made within the window before now. */
  used(nowMs: number): number {
    const from = this.#made.findIndex((atMs) => atMs > nowMs - this.windowMs);
    // What lies further back than any window is forgotten.
    if (this.#made.length > 4096) this.#made = this.#made.slice(-2048);
    return from === -1 ? 0 : this.#made.length - from;
  }

  /** Whether one more is likely to pass. */
  admits(nowMs: number): boolean {
    if (!this.counts || this.most === Infinity) return true;
    const used = this.used(nowMs);
    if (used < this.most) return true;
    this.#isUsedUp = true;
    if (nowMs - this.#changedMs < 2 * this.windowMs) return false;
    // For a whole window all that was allowed passed.
    this.#changedMs = nowMs;
    this.most = Math.ceil(this.most * GROWTH);
    return true;
  }

  /** It was refused, like all that are `refused` with it: the first one of them tells; `retryAfterMs` as the host says. */
  refused(startedMs: number, nowMs: number, isNews: boolean, retryAfterMs: number | undefined): void {
    const at = this.#made.lastIndexOf(startedMs);
    if (at !== -1) this.#made.splice(at, 1);
    const isWithin = this.#isUsedUp || this.used(nowMs) < this.most;
    if (isNews && this.most !== Infinity && isWithin)
      this.windowMs = Math.min(this.windowMs * GROWTH, LONGEST_WINDOW_MS);
    if (retryAfterMs !== undefined) this.windowMs = Math.min(Math.max(this.windowMs, retryAfterMs), LONGEST_WINDOW_MS);
    this.#isUsedUp = false;
    this.#changedMs = nowMs;
    this.most = Math.max(1, this.used(nowMs));
  }
}
