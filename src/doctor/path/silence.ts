/** Notices that a stream whose bytes flowed sends nothing any more: some middleboxes forget a connection without telling either end. */
export class Silence {
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #lastMs: number | undefined;

  constructor(readonly silentMs: number) {
    this.#timer = setTimeout(() => {
      // Until its first byte it is thinking, which is told elsewhere.
      if (this.#lastMs === undefined) this.#timer.refresh();
      else this.#stop.abort();
    }, silentMs);
  }

  /** Fires once nothing has come for `silentMs` after something had. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** By `performance.now()`; undefined before the first byte. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  heard(): void {
    this.#lastMs = performance.now();
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
