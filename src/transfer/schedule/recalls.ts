import type { EventSink } from '../../base/index.js';
import type { Desk } from '../files/job.js';
import type { Schedule } from '../limits.js';
import { redialled, takenBack } from './announce.js';
import type { Flights } from './flights.js';
import type { SourceState } from './source-state.js';
import { findTakeBacks, type TakeBack } from './take-back.js';

/** What was taken back because another does better is not given to the same source for so long. */
export const SHUN_MS = 2000;

/** Ends requests that are silent, or on connections that are not worth keeping. */
export class Recalls<D extends Desk> {
  readonly #flights: Flights<D>;
  readonly #schedule: Schedule;
  readonly #emit: EventSink;
  /** Connections that were cut to be dialled again. */
  readonly #redials = new Map<SourceState, number>();

  constructor(flights: Flights<D>, schedule: Schedule, emit: EventSink) {
    this.#flights = flights;
    this.#schedule = schedule;
    this.#emit = emit;
  }

  /** Whether the next request of a source stands for one that was cut; it counts as made then. */
  takesRedial(state: SourceState): boolean {
    const redials = this.#redials.get(state) ?? 0;
    if (redials > 0) this.#redials.set(state, redials - 1);
    return redials > 0;
  }

  /** `isBusyHere`: connections wait for this machine, and how fast they are says nothing of them. */
  sweep(states: readonly SourceState[], nowMs: number, isBusyHere: boolean): void {
    let lastByteMs = Math.max(...states.map((state) => state.lastByteMs));
    for (const { work } of this.#flights) lastByteMs = Math.max(lastByteMs, work.lastByteMs ?? -Infinity);
    const context = { schedule: this.#schedule, nowMs, lastByteMs, isBusyHere };
    for (const takeBack of findTakeBacks([...this.#flights], context)) {
      if (takeBack.reason === 'silent') this.#takeBackSilent(takeBack, nowMs);
      else this.#redial(takeBack, nowMs);
    }
  }

  /** Connections that make it worse for all end now: those that bring least. Short requests end soon by themselves. */
  cut(state: SourceState, most: number): void {
    const flights = this.#flights
      .of(state)
      .filter(({ isLeaving, work }) => !isLeaving && work.keeps === 'loose' && work.isShort !== true);
    flights.sort((left, right) => left.work.receivedBytes - right.work.receivedBytes);
    for (const flight of flights.slice(0, Math.max(0, flights.length - most))) flight.end('too many', -Infinity);
  }

  #takeBackSilent({ flight, silentMs }: TakeBack<D>, nowMs: number): void {
    const { state } = flight.from;
    const siblings = this.#flights.of(state).filter((other) => other !== flight && !other.isLeaving);
    const isAll = siblings.every((other) => other.silentMs(nowMs) > silentMs / 2);
    if (isAll) state.fellSilent(flight.startedMs, nowMs);
    if (isAll && siblings.length > 0) state.health.silent();
    flight.end('silent', nowMs + SHUN_MS);
    this.#emit(takenBack(flight, 'silent', { silentMs }));
  }

  #redial(takeBack: TakeBack<D>, nowMs: number): void {
    const { flight } = takeBack;
    const { state } = flight.from;
    this.#redials.set(state, (this.#redials.get(state) ?? 0) + 1);
    flight.end('slow edge', nowMs + this.#schedule.passOnMs);
    this.#emit(redialled(takeBack));
  }
}
