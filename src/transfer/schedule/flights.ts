import type { Desk } from '../files/job.js';
import type { Flight } from './flight.js';
import type { SourceState } from './source-state.js';

/** The requests in flight, and sums over them. */
export class Flights<D extends Desk> implements Iterable<Flight<D>> {
  readonly #all = new Set<Flight<D>>();
  readonly #active = new Map<D, number>();

  get count(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Flight<D>> {
    return this.#all[Symbol.iterator]();
  }

  add(flight: Flight<D>): void {
    this.#all.add(flight);
    this.#active.set(flight.job, this.activeOf(flight.job) + 1);
  }

  /** False when it was not there. */
  remove(flight: Flight<D>): boolean {
    if (!this.#all.delete(flight)) return false;
    const left = this.activeOf(flight.job) - 1;
    if (left > 0) this.#active.set(flight.job, left);
    else this.#active.delete(flight.job);
    return true;
  }

  activeOf(job: D): number {
    return this.#active.get(job) ?? 0;
  }

  of(state: SourceState): Flight<D>[] {
    return [...this.#all].filter(({ from }) => from.state === state);
  }

  ofJob(job: D): Flight<D>[] {
    return [...this.#all].filter((flight) => flight.job === job);
  }

  /** Those that bring something. Small files mostly wait for their answers: that is what they are. */
  busyOf(state: SourceState): number {
    return this.of(state).filter(({ work }) => work.firstByteMs !== undefined || work.keeps !== 'loose').length;
  }

  get leftBytes(): number {
    return [...this.#all].reduce((sum, { work }) => sum + work.leftBytes, 0);
  }

  /** What one of a source's connections brings on average. */
  noteLaneRate(state: SourceState): void {
    const rates = this.of(state).flatMap(({ rate, isLeaving }) => (rate === undefined || isLeaving ? [] : [rate]));
    if (rates.length > 0) state.laneRate = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  }
}
