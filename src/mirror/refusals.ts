import type { SluiceError } from '../base/index.js';

const MAX_REFUSALS = 10_000;

/** What was refused lately, so that it is not asked for again so soon. */
export class Refusals {
  readonly #now: () => number;
  /** Refused longest ago first. */
  readonly #refused = new Map<string, { readonly error: SluiceError; readonly untilMs: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get(key: string): SluiceError | undefined {
    const refused = this.#refused.get(key);
    return refused !== undefined && this.#now() < refused.untilMs ? refused.error : undefined;
  }

  keep(key: string, error: SluiceError, forMs: number): void {
    this.#refused.delete(key);
    this.#refused.set(key, { error, untilMs: this.#now() + forMs });
    for (const oldest of this.#refused.keys()) {
      if (this.#refused.size <= MAX_REFUSALS) break;
      this.#refused.delete(oldest);
    }
  }

  forget(key: string): void {
    this.#refused.delete(key);
  }
}

/** A refusal is not asked for again so soon: loaders look for a dozen files that most repositories lack. */
export const REFUSED_MS = 30_000;
