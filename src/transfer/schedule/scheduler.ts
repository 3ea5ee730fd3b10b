import type { EventSink, SluiceError } from '../../base/index.js';
import type { Desk } from '../files/job.js';
import { SCHEDULE, SMALL_FILE_BYTES, type Schedule } from '../limits.js';
import type { FileSource } from '../request/file-source.js';
import { healthChanged, levelChanged, redialled, takenBack } from './announce.js';
import { byNeed, choose, openSources, type Choice, type ChoiceContext } from './choose.js';
import { Flight } from './flight.js';
import { Flights } from './flights.js';
import type { LevelChange } from './level.js';
import { findRelief, type Relief } from './relief.js';
import { runBytes } from './run-size.js';
import { bestOther } from './score.js';
import type { SourceState } from './source-state.js';
import { findTakeBacks, type TakeBack } from './take-back.js';

export interface SchedulerOptions<D extends Desk> {
  /** All sources; grows as files are opened. */
  readonly states: ReadonlyMap<string, SourceState>;
  readonly mostConnections: number;
  readonly emit: EventSink;
  /** Whether something outside (a host's budget) forbids to ask now. */
  readonly isHeldBack: (job: D, from: FileSource) => boolean;
  readonly schedule?: Schedule;
}

/** What was taken back because another does better is not given to the same source for so long. */
const SHUN_MS = 2000;
/** Round trips until the first byte on a new connection (one more with TLS, which some of the next ones spare). */
const DIALLING_TRIPS = 2;

/**
 * Who is asked for what, and who is relieved of it. Knows neither timers nor sockets: the time is given to it, and requests are looked at. Its driver
 * starts what `next` gives, tells how it ended, and calls `tick` every `TICK_MS`.
 */
export class Scheduler<D extends Desk> {
  readonly #options: SchedulerOptions<D>;
  readonly #schedule: Schedule;
  readonly #flights = new Flights<D>();
  /** Connections that were cut to be dialled again. */
  readonly #redials = new Map<SourceState, number>();
  /** How often each piece went from one source to another on its way. */
  readonly #handedOver = new WeakMap<D, Map<number, number>>();
  #tickedMs: number | undefined;

  constructor(options: SchedulerOptions<D>) {
    this.#options = options;
    this.#schedule = options.schedule ?? SCHEDULE;
  }

  get inFlight(): number {
    return this.#flights.count;
  }

  get isFull(): boolean {
    return this.#flights.count >= this.#options.mostConnections;
  }

  activeOf(job: D): number {
    return this.#flights.activeOf(job);
  }

  /** The next request to start, already counted as in flight. Undefined when nothing can be started now. */
  next(jobs: Iterable<D>, nowMs: number): Flight<D> | undefined {
    if (this.isFull) return undefined;
    const all = [...jobs];
    const freeBytes = all.reduce((sum, job) => sum + (job.isFetching ? job.freeBytes : 0), 0);
    const { leftBytes } = this.#flights;
    const context: ChoiceContext<D> = {
      nowMs,
      activeOf: (job) => this.activeOf(job),
      isOpen: (job, from) => this.#isOpen(job, from, nowMs),
      wishBytes: ({ state }) =>
        runBytes(state, {
          schedule: this.#schedule,
          nowMs,
          freeBytes,
          leftBytes,
          states: this.#options.states.values(),
          mostActive: this.#options.mostConnections,
        }),
    };
    const choice = choose(all, context) ?? this.#relieve(all, context);
    return choice === undefined ? undefined : this.#start(choice, nowMs);
  }

  ended(flight: Flight<D>, nowMs: number): void {
    this.#land(flight, nowMs);
    const { state } = flight.from;
    state.succeeded();
    const { firstByteMs, receivedBytes } = flight.work;
    if (firstByteMs !== undefined && flight.work.keeps === 'loose')
      state.finished(receivedBytes / Math.max(1, nowMs - firstByteMs));
  }

  /** It failed, was taken back, or was given up; what that means for its source is `failed`'s to say, or nothing. */
  gone(flight: Flight<D>, nowMs: number): void {
    this.#land(flight, nowMs);
  }

  /** A request failed in a way that may pass. Returns how long its source is left alone. */
  failed(flight: Flight<D>, error: SluiceError, nowMs: number): number {
    const { state } = flight.from;
    const { waitMs, isNews } = state.failed(error, flight.startedMs, nowMs, flight.work.receivedBytes);
    const isLimit = error.code === 'RATE_LIMITED';
    if (isLimit) state.refusals.allowance.refused(flight.startedMs, nowMs, isNews, error.retryAfterMs);
    if (isNews && (isLimit || error.code === 'SERVER_ERROR'))
      state.refusals.refused(nowMs, state.active, isLimit, error.retryAfterMs !== undefined);
    return waitMs;
  }

  /** Measures, compares, takes back. Returns whether any byte came since the last one. */
  tick(nowMs: number, freeBytes = Infinity): boolean {
    const elapsedMs = nowMs - (this.#tickedMs ?? nowMs);
    this.#tickedMs = nowMs;
    if (elapsedMs <= 0) return false;
    const states = [...this.#options.states.values()];
    let isGain = false;
    for (const state of states) {
      if (state.measure(elapsedMs) === 0) continue;
      isGain = true;
      state.lastByteMs = nowMs;
    }
    for (const flight of this.#flights) this.#look(flight, nowMs);
    for (const state of states) this.#flights.noteLaneRate(state);
    this.#takeBack(nowMs);
    const totalWork = states.reduce((sum, state) => sum + state.work, 0);
    const leftBytes = this.#flights.leftBytes + freeBytes;
    for (const state of states) {
      this.#lookAfter(state, states, nowMs);
      this.#tellLevel(state, state.settleRefusal(nowMs));
      this.#tellLevel(state, state.observeLevel({ nowMs, totalWork, busy: this.#flights.busyOf(state), leftBytes }));
    }
    return isGain;
  }

  #isOpen(job: D, from: FileSource, nowMs: number): boolean {
    if (from.banned !== undefined || nowMs < from.state.waitUntilMs) return false;
    if (from.state.active + from.state.expected >= from.state.mostActive) return false;
    // Pieces can wait and be asked for in larger runs; small files cannot.
    if (job.freeBytes > SMALL_FILE_BYTES && !from.state.refusals.allowance.admits(nowMs)) return false;
    if (from.state.banned !== undefined && !isLastHope(job, from)) return false;
    return !this.#options.isHeldBack(job, from);
  }

  #start(choice: Choice<D>, nowMs: number): Flight<D> {
    const { state } = choice.from;
    const redials = this.#redials.get(state) ?? 0;
    if (redials > 0) this.#redials.set(state, redials - 1);
    state.refusals.allowance.made(nowMs);
    const isFresh = state.takesNewConnection();
    const flight = new Flight(choice, nowMs, this.#schedule, { isRedial: redials > 0, isFresh });
    this.#flights.add(flight);
    return flight;
  }

  #land(flight: Flight<D>, nowMs: number): void {
    if (!this.#flights.remove(flight)) return;
    this.#look(flight, nowMs);
    const { from } = flight;
    from.state.active -= 1;
    if (flight.isAnswered) from.state.refusals.answerEnded();
    if (flight.leavesFor !== undefined) flight.leavesFor.expected -= 1;
  }

  #look(flight: Flight<D>, nowMs: number): void {
    flight.look(nowMs);
    const { firstByteMs } = flight.work;
    if (flight.isAnswered || firstByteMs === undefined) return;
    flight.isAnswered = true;
    const { state } = flight.from;
    state.answerBegan(flight.startedMs);
    const { askedMs } = flight.work;
    const tripMs =
      askedMs === undefined
        ? (firstByteMs - flight.startedMs) / (flight.isFresh ? DIALLING_TRIPS : 1)
        : Math.max(0, firstByteMs - askedMs);
    state.health.answered(tripMs);
  }

  /** Idle connections take over from whoever would end last. */
  #relieve(jobs: readonly D[], context: ChoiceContext<D>): Choice<D> | undefined {
    for (const job of byNeed(jobs, context)) {
      const flights = this.#flights.ofJob(job);
      for (const from of openSources(job, context)) {
        const relief = findRelief(flights, from, {
          schedule: this.#schedule,
          nowMs: context.nowMs,
          handedOver: ({ work }) => this.#handedOver.get(job)?.get(work.index) ?? 0,
        });
        if (relief === undefined) continue;
        if (relief.splitBytes === undefined) {
          this.#handOver(relief, from, context.nowMs);
          continue;
        }
        const work = job.split(relief.flight.work, from, relief.splitBytes);
        if (work !== undefined) return { job, from, work };
      }
    }
    return undefined;
  }

  /** It ends where it is, and what it leaves goes on elsewhere from there. */
  #handOver({ flight, leftMs, thenMs }: Relief<D>, to: FileSource, nowMs: number): void {
    const times = this.#handedOver.get(flight.job) ?? new Map<number, number>();
    this.#handedOver.set(flight.job, times.set(flight.work.index, (times.get(flight.work.index) ?? 0) + 1));
    flight.leavesFor = to.state;
    to.state.expected += 1;
    // Where its own source takes over, on a better connection, it must be allowed to.
    this.#end(flight, 'sooner elsewhere', to.state === flight.from.state ? -Infinity : nowMs + SHUN_MS);
    const silentMs = flight.silentMs(nowMs);
    this.#options.emit(takenBack(flight, 'sooner-elsewhere', { silentMs, to: to.source.id, leftMs, thenMs }));
  }

  #takeBack(nowMs: number): void {
    const lastByteMs = [...this.#flights].reduce(
      (last, { work }) => Math.max(last, work.lastByteMs ?? -Infinity),
      -Infinity,
    );
    const sources = [...this.#options.states.values()].reduce(
      (last, state) => Math.max(last, state.lastByteMs),
      -Infinity,
    );
    const context = { schedule: this.#schedule, nowMs, lastByteMs: Math.max(lastByteMs, sources) };
    for (const takeBack of findTakeBacks([...this.#flights], context)) {
      if (takeBack.reason === 'silent') this.#takeBackSilent(takeBack, nowMs);
      else this.#redial(takeBack, nowMs);
    }
  }

  #takeBackSilent({ flight, silentMs }: TakeBack<D>, nowMs: number): void {
    const { state } = flight.from;
    const siblings = this.#flights.of(state).filter((other) => other !== flight && !other.isLeaving);
    const isAll = siblings.every((other) => other.silentMs(nowMs) > silentMs / 2);
    if (isAll) state.fellSilent(flight.startedMs, nowMs);
    if (isAll && siblings.length > 0) state.health.silent();
    this.#end(flight, 'silent', nowMs + SHUN_MS);
    this.#options.emit(takenBack(flight, 'silent', { silentMs }));
  }

  #redial(takeBack: TakeBack<D>, nowMs: number): void {
    const { state } = takeBack.flight.from;
    this.#redials.set(state, (this.#redials.get(state) ?? 0) + 1);
    this.#end(takeBack.flight, 'slow edge', nowMs);
    this.#options.emit(redialled(takeBack));
  }

  #end(flight: Flight<D>, reason: string, shunUntilMs: number): void {
    flight.isLeaving = true;
    flight.job.shun(flight.work, shunUntilMs);
    flight.work.abort(reason);
  }

  #lookAfter(state: SourceState, states: readonly SourceState[], nowMs: number): void {
    const change = state.health.look();
    if (change === undefined) return;
    const best = bestOther(state, states);
    this.#options.emit(healthChanged(state, change, best));
    if (change.isDegraded && change.reason !== 'silent' && best !== undefined)
      this.#tellLevel(state, state.degraded(nowMs));
  }

  #tellLevel(state: SourceState, change: LevelChange | undefined): void {
    if (change === undefined) return;
    this.#options.emit(levelChanged(state, change));
    const { from, to, reason } = change;
    if (to < from && reason !== 'refused') this.#cut(state, state.mostActive);
  }

  /** Connections that make it worse for all end now: those that have brought least. */
  #cut(state: SourceState, most: number): void {
    const flights = this.#flights.of(state).filter(({ isLeaving, work }) => !isLeaving && work.keeps === 'loose');
    flights.sort((left, right) => left.work.receivedBytes - right.work.receivedBytes);
    for (const flight of flights.slice(0, Math.max(0, flights.length - most))) this.#end(flight, 'too many', -Infinity);
  }
}

/** A liar may still serve where it is alone: the digest decides. Nobody who cannot be spoken to safely may. */
function isLastHope(job: Desk, from: FileSource): boolean {
  if (from.state.banned?.code !== 'DIGEST_MISMATCH') return false;
  return job.sources.every((other) => other.banned !== undefined || other.state.banned !== undefined);
}
