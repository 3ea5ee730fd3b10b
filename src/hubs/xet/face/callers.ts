import type { Caller } from '../../face.js';

const MAX_CALLERS = 10_000;

/** Callers by their handles, for as long as an address that names one is good. */
export class Callers {
  readonly #lifeMs: number;
  readonly #now: () => number;
  /** Longest ago first. */
  readonly #known = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();

  constructor(lifeMs: number, now: () => number) {
    this.#lifeMs = lifeMs;
    this.#now = now;
  }

  remember(handle: string, caller: Caller): void {
    this.#known.delete(handle);
    this.#known.set(handle, { caller, untilMs: this.#now() + this.#lifeMs });
    for (const [oldest, { untilMs }] of this.#known) {
      if (this.#known.size <= MAX_CALLERS && untilMs > this.#now()) break;
      this.#known.delete(oldest);
    }
  }

  find(handle: string): Caller | undefined {
    const known = this.#known.get(handle);
    return known !== undefined && this.#now() < known.untilMs ? known.caller : undefined;
  }
}
