import { Allowance } from './allowance.js';

/** A source that refused counts its requests, we take it, for this long. */
const COUNTED_FOR_MS = 30_000;
/** Refusals although no more was asked for at once than had been served, before that is forgotten. */
const MOST_UNEXPLAINED = 3;

interface Refusal {
  isLimit: boolean;
  /** Requests in flight at that time, it included. */
  readonly active: number;
}

/**
 * What a source's refusals say of what it counts: answers at once, or requests in a time. It is known how many answers it has ever given at the
 * same time; who refuses fewer than that counts requests.
 */
export class Refusals {
  readonly allowance = new Allowance();
  /** Answers that are coming, and the most that ever came at the same time. */
  #served = 0;
  #servedMost = 0;
  #unexplained = 0;
  #pending: Refusal | undefined;
  #isUntold = false;
  #atMs = -Infinity;

  /** It refused and did not say for how long: one request is to find out whether that is over. */
  get isTrying(): boolean {
    return this.#isUntold && this.#served === 0;
  }

  /** It lets only so many requests pass: few large ones bring more than many small ones. */
  isCounting(nowMs: number): boolean {
    return nowMs - this.#atMs < COUNTED_FOR_MS;
  }

  /** `isWell`: of a request from after its last failure. */
  answerBegan(isWell: boolean): void {
    this.#served += 1;
    this.#servedMost = Math.max(this.#servedMost, this.#served);
    if (isWell) this.#isUntold = false;
  }

  answerEnded(): void {
    this.#served -= 1;
  }

  /** `isLimit`: because we ask too much, not because it cannot. `isTold`: it said for how long. */
  refused(nowMs: number, active: number, isLimit: boolean, isTold: boolean): void {
    this.#atMs = nowMs;
    this.#pending ??= { isLimit, active };
    this.#pending.isLimit &&= isLimit;
    this.#isUntold ||= !isTold;
  }

  /** What a refusal means is known when those that were asked with it have been answered: how many it is known to serve at once, 0 for unknown. */
  settle(): { readonly served: number } | undefined {
    const refusal = this.#pending;
    this.#pending = undefined;
    if (refusal === undefined) return undefined;
    if (!refusal.isLimit) return { served: 0 };
    if (refusal.active < this.#servedMost) {
      this.#unexplained += 1;
      this.allowance.counts = true;
    }
    // It may have changed its mind.
    if (this.#unexplained > MOST_UNEXPLAINED) {
      this.#servedMost = this.#served;
      this.#unexplained = 0;
    }
    return { served: this.#servedMost };
  }
}
