import { MAX_KNOWN_CLIENTS } from '../limits.js';

interface Bucket {
  tokens: number;
  atMs: number;
}

/** How often somebody may come: `perMinute` evenly, and as many at once after a quiet minute. */
export class Rates {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Takes one. Gives the milliseconds until there is one again: 0 when there was. */
  take(key: string, perMinute: number): number {
    const bucket = this.#refilled(key, perMinute);
    if (bucket.tokens < 1) return ((1 - bucket.tokens) * 60_000) / perMinute;
    bucket.tokens -= 1;
    return 0;
  }

  /** As `take` would give, without taking. */
  waitMs(key: string, perMinute: number): number {
    const { tokens } = this.#refilled(key, perMinute);
    return tokens < 1 ? ((1 - tokens) * 60_000) / perMinute : 0;
  }

  #refilled(key: string, perMinute: number): Bucket {
    const now = this.#now();
    const known = this.#buckets.get(key);
    const tokens = known === undefined ? perMinute : known.tokens + ((now - known.atMs) / 60_000) * perMinute;
    const bucket = { tokens: Math.min(tokens, perMinute), atMs: now };
    // Whoever came last stands last, and so is forgotten last.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const oldest = this.#buckets.size > MAX_KNOWN_CLIENTS ? this.#buckets.keys().next() : undefined;
    if (oldest?.value !== undefined) this.#buckets.delete(oldest.value);
    return bucket;
  }
}
