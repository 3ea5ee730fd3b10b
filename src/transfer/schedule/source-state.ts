import type { SluiceError } from '../../base/index.js';
import { BACKOFF_FIRST_MS, BACKOFF_LAST_MS } from '../limits.js';

/** Over this time a source's goodput is averaged. */
const GOODPUT_WINDOW_MS = 2000;

/** What is known of one source over all files of a transfer. Times are of a monotonic clock. */
export class SourceState {
  readonly id: string;
  /** Requests in flight. */
  active = 0;
  /** Most of them; falls when the source says that we ask too much, and climbs back by what it delivers. */
  mostActive: number;
  /** Body bytes that came, ever. */
  receivedBytes = 0;
  /** Why nobody asks it any more. */
  banned: SluiceError | undefined;
  /** Pieces of it that proved wrong. */
  wrongPieces = 0;
  /** Bytes per millisecond; undefined until it was measured. */
  goodput: number | undefined;
  readonly #limit: number;
  #countedBytes = 0;
  #failures = 0;
  #waitUntilMs = 0;
  #lastFailureMs = -Infinity;

  constructor(id: string, mostActive: number) {
    this.id = id;
    this.mostActive = mostActive;
    this.#limit = mostActive;
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }

  /** Called at every tick of the engine. Returns the bytes that came since the last one. */
  measure(elapsedMs: number): number {
    const bytes = this.receivedBytes - this.#countedBytes;
    this.#countedBytes = this.receivedBytes;
    if (this.active === 0 && bytes === 0) return 0;
    const rate = bytes / elapsedMs;
    const weight = Math.min(1, elapsedMs / GOODPUT_WINDOW_MS);
    this.goodput = this.goodput === undefined ? rate : this.goodput + (rate - this.goodput) * weight;
    return bytes;
  }

  /** When it may be asked again. */
  get waitUntilMs(): number {
    return this.#waitUntilMs;
  }

  isOpen(nowMs: number): boolean {
    return this.banned === undefined && nowMs >= this.#waitUntilMs && this.active < this.mostActive;
  }

  succeeded(): void {
    this.#failures = 0;
    if (this.mostActive < this.#limit) this.mostActive += 1;
  }

  /**
   * A request that began at `startedMs` failed in a way that may pass. Requests that were in flight together count as one failure, or a broken
   * moment of a host with many connections would be taken for a long illness. Returns how long the source is left alone.
   */
  failed(error: SluiceError, startedMs: number, nowMs: number): number {
    const isNews = startedMs >= this.#lastFailureMs;
    if (isNews) {
      this.#failures += 1;
      this.#lastFailureMs = nowMs;
      if (error.code === 'RATE_LIMITED' || error.code === 'SERVER_ERROR')
        this.mostActive = Math.max(1, Math.floor(this.active / 2));
    }
    const asked = error.retryAfterMs;
    const step = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(this.#failures - 1, 10), BACKOFF_LAST_MS);
    const waitMs = asked ?? (isNews || error.code === 'RATE_LIMITED' ? step * (0.5 + Math.random()) : 0);
    // One lost connection says nothing about its siblings.
    const isLonely = this.#failures <= 1 && asked === undefined && error.code === 'RESET';
    if (!isLonely) this.#waitUntilMs = Math.max(this.#waitUntilMs, nowMs + waitMs);
    return Math.max(0, this.#waitUntilMs - nowMs);
  }
}
