import type { Schedule } from '../limits.js';

/** What speaks against a source, or no more. `failedShare` of its last requests. */
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
const LEAST_OUTCOMES = 10;
const LEAST_FAILURES = 3;

/** Watches a source's round trips (to the first byte of an answer, dialling included where that is not known) and its failures. */
export class Health {
  readonly #schedule: Schedule;
  readonly #earlier: number[] = [];
  readonly #recent: number[] = [];
  readonly #outcomes: boolean[] = [];
  #isSilent = false;
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
    if (this.#outcomes.length > KEPT) this.#outcomes.shift();
    if (isWell) this.#isSilent = false;
  }

  /** All its connections fell silent at once while others went on. */
  silent(): void {
    this.#isSilent = true;
  }

  /** What speaks against it, from 0 to 2: each of round trip and failures by its threshold, at most 1. */
  get burden(): number {
    if (this.#isSilent) return 2;
    const { roundTripMs, earlierRoundTripMs, failedShare } = this.numbers;
    const late = this.#isMeasured ? (roundTripMs - earlierRoundTripMs) / this.#schedule.degradedRoundTripMs : 0;
    const share = (part: number): number => Math.min(1, Math.max(0, part));
    return share(late) + share(failedShare / this.#schedule.degradedFailedShare);
  }

  /** The round trip of now and of before, 0 where unknown, and the share of its last requests that failed. */
  get numbers(): Pick<HealthChange, 'roundTripMs' | 'earlierRoundTripMs' | 'failedShare'> {
    const known = (ms: number): number => (Number.isFinite(ms) ? ms : 0);
    const roundTripMs = known(Math.min(...this.#recent));
    const earlier = [...this.#earlier].sort((left, right) => left - right);
    const failedShare = this.#outcomes.length < LEAST_OUTCOMES ? 0 : this.#failures / this.#outcomes.length;
    // Dialling is part of some: their length is not a change.
    return { roundTripMs, earlierRoundTripMs: earlier[Math.floor(earlier.length * 0.9)] ?? roundTripMs, failedShare };
  }

  /** What changed since the last look. */
  look(): HealthChange | undefined {
    const { roundTripMs, earlierRoundTripMs, failedShare } = this.numbers;
    const { degradedRoundTripMs, degradedFailedShare } = this.#schedule;
    const ease = this.isDegraded ? 0.5 : 1;
    const isLate = this.#isMeasured && roundTripMs > earlierRoundTripMs + degradedRoundTripMs * ease;
    const isFailing = this.#failures >= LEAST_FAILURES && failedShare >= degradedFailedShare * ease;
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
