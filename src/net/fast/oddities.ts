import { isForDocument, type Leg } from '../road.js';

/** How long an origin that answered oddly is left to the other road. */
const MEMORY_MS = 60_000;
const MAX_ENTRIES = 1000;

/**
 * Which requests are known, or likely, to get an answer that the fast road does not read. Ranges are apart from whole answers,
 * and both from documents: a host that lists its files in some odd way still serves them plainly.
 */
export class Oddities {
  readonly #untilMs = new Map<string, number>();

  has(leg: Leg): boolean {
    if (this.#untilMs.size === 0) return false;
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
  const kind = isForDocument(leg) ? 'document' : leg.headers.range === undefined ? 'whole' : 'range';
  return `${leg.url.origin} ${kind}`;
}
