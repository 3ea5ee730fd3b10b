import { CUTS } from '../limits.js';

/** How one request broke off, or ended well: what came of its body, and how long it was under way, in milliseconds. */
export interface Course {
  readonly bytes: number;
  readonly ms: number;
  readonly endMs: number;
  /** It had a connection of its own, so that these are the connection's too. */
  readonly isAlone: boolean;
}

/** Where connections are cut, as far as so many of them showed. */
export interface CutFound {
  readonly reason: 'size' | 'time';
  readonly afterBytes: number;
  readonly afterMs: number;
  readonly cuts: number;
}

/**
 * Learns for one source whether something on the way cuts what is large or long: connections that break again and again at the same byte, or after the
 * same time. Once two broke, each request gets a connection of its own, since what a connection had brought before is not known of those that are
 * shared; once some of these broke alike, one after the other, and nothing got beyond, requests stay below that. Where they do not break any more, or not
 * alike, connections are shared again.
 */
export class Cuts {
  readonly #mostBytes: number;
  #found: CutFound | undefined;
  /** Breaks without so many good ends between them, while nothing is watched. */
  #suspicion = 0;
  #goodEnds = 0;
  #isWatching = false;
  readonly #broken: Course[] = [];
  /** The most that any request brought since the first break, and the longest that one took: a cut lets nobody beyond. */
  #mostBroughtBytes = 0;
  #longestMs = 0;

  /** `mostBytes`: no request is to ask for more, whatever is found; who says so knows of a cut, so that each also gets a connection of its own. */
  constructor(mostBytes = Infinity) {
    this.#mostBytes = mostBytes;
  }

  /** Whether the next request is to have a connection of its own. */
  get isAlone(): boolean {
    return this.#isWatching || this.#mostBytes !== Infinity;
  }

  /** The most that the next request should ask for; `rate` in bytes per millisecond of one connection, where it is known. */
  requestBytes(rate: number | undefined): number {
    const found = this.#found;
    if (found === undefined) return this.#mostBytes;
    const byTime = rate === undefined ? found.afterBytes : rate * found.afterMs;
    const bytes = (found.reason === 'size' ? found.afterBytes : byTime) * CUTS.safeShare;
    return Math.min(this.#mostBytes, Math.max(CUTS.leastBytes, Math.floor(bytes)));
  }

  ended(course: Course): void {
    this.#goodEnds += 1;
    this.#note(course);
    if (this.#goodEnds < CUTS.forgiveEnds) return;
    if (this.#found === undefined) this.#calmDown();
  }

  /** The connection broke in the body. Returns what that shows, where it is news. */
  broke(course: Course): CutFound | undefined {
    if (course.bytes < CUTS.leastBytes) return undefined;
    this.#goodEnds = 0;
    this.#suspicion += 1;
    this.#isWatching ||= this.#suspicion >= CUTS.suspiciousBreaks;
    this.#note(course);
    // Those that break at one moment broke of one cause, which may be any.
    const before = this.#broken.at(-1);
    const isSame = before !== undefined && course.endMs - before.endMs < course.ms * CUTS.spread;
    if (!course.isAlone || isSame) return undefined;
    this.#broken.push(course);
    if (this.#broken.length > CUTS.looksAt) this.#broken.shift();
    const found = this.#judge();
    if (found === undefined) {
      // They break anywhere: a connection for each request would only cost more.
      if (this.#broken.length >= CUTS.looksAt) this.#calmDown();
      return undefined;
    }
    const isNews = this.#found === undefined || found[MEASURE[found.reason]] < this.#found[MEASURE[found.reason]] * CUTS.safeShare; // prettier-ignore
    if (!isNews) return undefined;
    this.#found = found;
    this.#broken.length = 0;
    this.#mostBroughtBytes = this.#longestMs = 0;
    return found;
  }

  #note({ bytes, ms }: Course): void {
    if (this.#suspicion === 0) return;
    this.#mostBroughtBytes = Math.max(this.#mostBroughtBytes, bytes);
    this.#longestMs = Math.max(this.#longestMs, ms);
  }

  /** Alike among the last ones, and nothing that others got beyond. */
  #judge(): CutFound | undefined {
    const last = this.#broken.slice(-CUTS.alike);
    if (last.length < CUTS.alike) return undefined;
    const size = middle(last.map(({ bytes }) => bytes));
    const time = middle(last.map(({ ms }) => ms));
    const isSize =
      size.median >= CUTS.leastSizeBytes &&
      size.spread <= CUTS.spread &&
      this.#mostBroughtBytes <= size.median * (1 + CUTS.spread);
    const isTime =
      time.median >= CUTS.leastTimeMs &&
      time.spread <= CUTS.spread &&
      this.#longestMs <= time.median * (1 + CUTS.spread);
    if (!isSize && !isTime) return undefined;
    const reason = isSize && (!isTime || size.spread <= time.spread) ? 'size' : 'time';
    return { reason, afterBytes: size.median, afterMs: time.median, cuts: last.length };
  }

  #calmDown(): void {
    this.#found = undefined;
    this.#isWatching = false;
    this.#suspicion = 0;
    this.#broken.length = 0;
    this.#mostBroughtBytes = this.#longestMs = 0;
  }
}

const MEASURE = { size: 'afterBytes', time: 'afterMs' } as const;

/** The median, and how far the furthest of them is from it, as a share of it. */
function middle(values: readonly number[]): { readonly median: number; readonly spread: number } {
  const sorted = [...values].sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const furthest = Math.max(...sorted.map((value) => Math.abs(value - median)));
  return { median, spread: furthest / Math.max(1, median) };
}
