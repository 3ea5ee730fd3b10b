import type { Leg } from '../road.js';

/** How long an origin that answered oddly is left to the other road. */
const MEMORY_MS = 60_000;
const MAX_ENTRIES = 1000;

/**
 * Which requests are known, or likely, to get an answer that the fast road does not read. Ranges are apart from whole answers:
 * a host that lists its files in chunks still serves ranges of them plainly.
 */
export class Oddities {
  readonly #untilMs = new Map<string, number>();

  has(leg: Leg): boolean {
    // Documents are mostly composed while they are sent, in chunks, and are small.
    if (leg.headers.accept !== '*/*') return true;
    const untilMs = this.#untilMs.get(keyOf(leg));
    return untilMs !== undefined && performance.now() < untilMs;
  }

  note(leg: Leg): void {
    const key = keyOf(leg);
    this.#untilMs.delete(key);
    this.#untilMs.set(key, performance.now() + MEMORY_MS);
    const oldest = this.#untilMs.keys().next().value;
    if (this.#untilMs.size > MAX_ENTRIES && oldest !== undefined) this.#untilMs.delete(oldest);
  }
}

function keyOf(leg: Leg): string {
  return `${leg.url.origin} ${leg.headers.range === undefined ? 'whole' : 'range'}`;
}
