import type { EventSink } from '../../base/index.js';
import type { Desk } from '../files/job.js';
import type { Schedule } from '../limits.js';
import type { FileSource } from '../request/file-source.js';
import { takenBack } from './announce.js';
import { byNeed, openSources, type Choice, type ChoiceContext } from './choose.js';
import type { Flight } from './flight.js';
import type { Flights } from './flights.js';
import { findLateFront, type LateContext } from './late-front.js';
import { findRelief, type Relief } from './relief.js';
import { SHUN_MS } from './recalls.js';
import type { SourceState } from './source-state.js';

/** So much, and this share of what came, sources may have to send twice, all together: where readers are slower than the line, sharing a request gains nothing but that. */
const SENT_TWICE_BYTES = 8 * 2 ** 20;
const SENT_TWICE_SHARE = 0.05;

/** Lets idle connections take over from whoever would end last. */
export class Handovers<D extends Desk> {
  readonly #flights: Flights<D>;
  readonly #schedule: Schedule;
  readonly #emit: EventSink;
  readonly #states: ReadonlyMap<string, SourceState>;
  /** What may have been sent twice because requests were shared while they were under way. */
  #sentTwiceBytes = 0;
  /** How often each piece went from one source to another on its way. */
  readonly #times = new WeakMap<D, Map<number, number>>();

  constructor(flights: Flights<D>, states: ReadonlyMap<string, SourceState>, schedule: Schedule, emit: EventSink) {
    this.#flights = flights;
    this.#states = states;
    this.#schedule = schedule;
    this.#emit = emit;
  }

  /** A share of another request's work; or nothing for now, where a request first has to let go. */
  relieve(jobs: readonly D[], context: ChoiceContext<D>): Choice<D> | undefined {
    for (const job of byNeed(jobs, context)) {
      const flights = this.#flights.ofJob(job);
      for (const from of openSources(job, context)) {
        const relief = findRelief(flights, from, {
          schedule: this.#schedule,
          nowMs: context.nowMs,
          handedOver: (flight) => this.#handedOver(flight),
        });
        if (relief === undefined) continue;
        if (relief.splitBytes === undefined) {
          this.#handOver(relief, from, context.nowMs);
          continue;
        }
        const twiceBytes = this.#twiceBytes(relief.flight, relief.splitBytes);
        if (this.#sentTwiceBytes + twiceBytes > this.#mostTwiceBytes) continue;
        const work = job.split(relief.flight.work, from, relief.splitBytes);
        if (work === undefined) continue;
        this.#sentTwiceBytes += twiceBytes;
        return { job, from, work };
      }
    }
    return undefined;
  }

  get #mostTwiceBytes(): number {
    const receivedBytes = [...this.#states.values()].reduce((sum, state) => sum + state.receivedBytes, 0);
    return SENT_TWICE_BYTES + receivedBytes * SENT_TWICE_SHARE;
  }

  /** What is given away was asked for on the wire, and so much of it may be on its way already. */
  #twiceBytes({ rate, from }: Flight<D>, splitBytes: number): number {
    const { laneRate, health } = from.state;
    const wayMs = this.#schedule.onWayMs + 2 * (health.roundTripMs ?? 0);
    return Math.min(splitBytes, (rate ?? laneRate ?? Infinity) * wayMs);
  }

  /** What is late at the front of its file goes to whoever of the faster source is ready next. */
  clearFront(context: Omit<LateContext<D>, 'handedOver'>): void {
    const late = findLateFront(this.#flights, { ...context, handedOver: (flight) => this.#handedOver(flight) });
    if (late === undefined) return;
    this.#noteHandOver(late.flight);
    this.#end(late, late.to, context.nowMs);
  }

  /** It ends where it is, and what it leaves goes on elsewhere from there. */
  #handOver(relief: Relief<D>, to: FileSource, nowMs: number): void {
    const { flight } = relief;
    this.#noteHandOver(flight);
    flight.leavesFor = to.state;
    to.state.expected += 1;
    this.#end(relief, to, nowMs);
  }

  #end(
    { flight, leftMs, thenMs }: Pick<Relief<D>, 'flight' | 'leftMs' | 'thenMs'>,
    to: FileSource,
    nowMs: number,
  ): void {
    // Where its own source takes over, it is to be on a connection that is known: one that is dialled for it now may be as bad.
    const shunMs = to.state === flight.from.state ? this.#schedule.passOnMs : SHUN_MS;
    flight.end('sooner elsewhere', nowMs + shunMs);
    const silentMs = flight.silentMs(nowMs);
    this.#emit(takenBack(flight, 'sooner-elsewhere', { silentMs, to: to.source.id, leftMs, thenMs }));
  }

  #handedOver({ job, work }: Flight<D>): number {
    return this.#times.get(job)?.get(work.index) ?? 0;
  }

  #noteHandOver(flight: Flight<D>): void {
    const times = this.#times.get(flight.job) ?? new Map<number, number>();
    this.#times.set(flight.job, times.set(flight.work.index, this.#handedOver(flight) + 1));
  }
}
