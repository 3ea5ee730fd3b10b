import type { Schedule } from '../limits.js';

/** What speaks against a source, or no more. `failedShare` of its last ten requests. */
export interface HealthChange {
  readonly isDegraded: boolean;
  readonly reason: 'round-trip' | 'failures' | 'silent' | 'recovered';
  readonly roundTripMs: number;
  readonly earlierRoundTripMs: number;
  readonly failedShare: number;
}

const RECENT = 4;
/** Round trips that stand for how it is now. */
const LOOKED_AT = 12;
const KEPT = 40;
/** Requests of which the failed share is taken; of fewer nothing is said. */
const OUTCOMES = 10;
/** A source is well again below this share of the threshold: one that hovers about it is not told of again and again. */
const WELL_SHARE = 0.8;

/** Watches a source's round trips (to the first byte of an answer, dialling included where that is not known) and its failures. */
export class Health {
  readonly #schedule: Schedule;
  readonly #earlier: number[] = [];
  readonly #recent: number[] = [];
  readonly #outcomes: boolean[] = [];
  #shortestMs = Infinity;
  #isSilent = false;
  /** The least round trip of the other sources, at the last look. */
  #othersMs = Infinity;
  isDegraded = false;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** What an answer on a kept connection takes. */
  get roundTripMs(): number | undefined {
    const before = this.isDegraded ? [] : this.#earlier.slice(-LOOKED_AT);
    const all = [...before, ...this.#recent].sort((left, right) => left - right);
    return all[Math.floor(all.length / 4)];
  }

  /** What the way itself takes: others have their own waiting in them. */
  get leastRoundTripMs(): number | undefined {
    const before = this.isDegraded ? [] : this.#earlier.slice(-LOOKED_AT);
    const all = [...before, ...this.#recent];
    return all.length === 0 ? undefined : Math.min(...all);
  }

  answered(roundTripMs: number): void {
    this.#shortestMs = Math.min(this.#shortestMs, roundTripMs);
    this.#recent.push(roundTripMs);
    if (this.#recent.length <= RECENT) return;
    const oldest = this.#recent.shift();
    // The level of before is what a bad time is measured by: it does not become part of it.
    if (oldest === undefined || this.isDegraded) return;
    this.#earlier.push(oldest);
    if (this.#earlier.length > KEPT) this.#earlier.shift();
  }

  ended(isWell: boolean): void {
    this.#outcomes.push(isWell);
    if (this.#outcomes.length > OUTCOMES) this.#outcomes.shift();
    if (isWell) this.#isSilent = false;
  }

  /** All its connections fell silent at once while others went on. */
  silent(): void {
    this.#isSilent = true;
  }

  /**
   * What speaks against it, from 0 to 2: each of round trip and failures by its threshold, at most 1. A round trip counts from half of its threshold on, and
   * only while another source is nearer than that: where nobody is, it says nothing of where to ask.
   */
  get burden(): number {
    if (this.#isSilent) return 2;
    const { degradedRoundTripMs, degradedFailedShare } = this.#schedule;
    const { roundTripMs, failedShare } = this.numbers;
    const isOutrun = this.#isMeasured && this.#othersMs < Math.min(roundTripMs, degradedRoundTripMs);
    const late = isOutrun ? (2 * roundTripMs) / degradedRoundTripMs - 1 : 0;
    const share = (part: number): number => Math.min(1, Math.max(0, part));
    return share(late) + share(failedShare / degradedFailedShare);
  }

  /** The round trip of now and of before, 0 where unknown, and the share of its last ten requests that failed. */
  get numbers(): Pick<HealthChange, 'roundTripMs' | 'earlierRoundTripMs' | 'failedShare'> {
    const known = (ms: number): number => (Number.isFinite(ms) ? ms : 0);
    const roundTripMs = known(Math.min(...this.#recent));
    const earlier = [...this.#earlier].sort((left, right) => left - right);
    const failedShare = this.#outcomes.length < OUTCOMES ? 0 : this.#failures / this.#outcomes.length;
    // Dialling is part of some: their length is not a change.
    return { roundTripMs, earlierRoundTripMs: earlier[Math.floor(earlier.length * 0.9)] ?? roundTripMs, failedShare };
  }

  /** What its last answers took, once there are enough of them; else undefined. */
  get recentRoundTripMs(): number | undefined {
    return this.#isMeasured ? Math.min(...this.#recent) : undefined;
  }

  /** Each of its last answers took much longer than the quickest ever did: they wait in a queue on the way. */
  get isQueued(): boolean {
    const { fullLineFactor, fullLineMs } = this.#schedule;
    const recentMs = this.#isMeasured ? Math.min(...this.#recent) : 0;
    return recentMs >= this.#shortestMs * fullLineFactor && recentMs >= this.#shortestMs + fullLineMs;
  }

  /** Its round trip was past the threshold before its last answers, too. */
  get wasDistant(): boolean {
    return Math.min(...this.#earlier) > this.#schedule.degradedRoundTripMs;
  }

  /** What changed since the last look. `othersMs`: the least round trip of the sources that could be asked instead; infinite where there is none. */
  look(othersMs: number): HealthChange | undefined {
    this.#othersMs = othersMs;
    const { roundTripMs, earlierRoundTripMs, failedShare } = this.numbers;
    const { degradedRoundTripMs, degradedFailedShare } = this.#schedule;
    // Who is scored down stays so until it is well or no better one is left, not until that one is late for a moment.
    const [most, mostOther] = this.isDegraded
      ? [degradedRoundTripMs * WELL_SHARE, roundTripMs]
      : [degradedRoundTripMs, degradedRoundTripMs];
    const isLate = this.#isMeasured && roundTripMs > most && othersMs < mostOther;
    const isFailing = failedShare >= degradedFailedShare;
    const isDegraded = this.#isSilent || isLate || isFailing;
    if (isDegraded === this.isDegraded) return undefined;
    this.isDegraded = isDegraded;
    const reason = this.#isSilent ? 'silent' : isLate ? 'round-trip' : isFailing ? 'failures' : 'recovered';
    return { isDegraded, reason, roundTripMs, earlierRoundTripMs, failedShare };
  }

  get #failures(): number {
    return this.#outcomes.filter((isWell) => !isWell).length;
  }

  get #isMeasured(): boolean {
    return this.#recent.length === RECENT && this.#earlier.length >= RECENT;
  }
}
