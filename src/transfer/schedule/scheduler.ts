import type { EventSink, SluiceError } from '../../base/index.js';
import type { Desk } from '../files/job.js';
import { SCHEDULE, SMALL_FILE_BYTES, type Schedule } from '../limits.js';
import { isShut, isSpared, type FileSource } from '../request/file-source.js';
import { healthChanged, levelChanged, smallRequests } from './announce.js';
import { choose, type Choice, type ChoiceContext } from './choose.js';
import { Flight } from './flight.js';
import { Flights } from './flights.js';
import type { LevelChange } from './level.js';
import { Handovers } from './handovers.js';
import { Recalls } from './recalls.js';
import { runBytes } from './run-size.js';
import { bestOther, isOutdone, othersRoundTripMs } from './score.js';
import type { SourceState } from './source-state.js';

export interface SchedulerOptions<D extends Desk> {
  /** All sources; grows as files are opened. */
  readonly states: ReadonlyMap<string, SourceState>;
  readonly mostConnections: number;
  readonly emit: EventSink;
  /** Whether something outside (a host's budget) forbids to ask now. */
  readonly isHeldBack: (job: D, from: FileSource) => boolean;
  /** Whether what reads the connections has no time left: the machine is the limit, not the line. */
  readonly isBusyHere?: () => boolean;
  readonly schedule?: Schedule;
}

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
  readonly #recalls: Recalls<D>;
  readonly #handovers: Handovers<D>;
  #tickedMs: number | undefined;

  constructor(options: SchedulerOptions<D>) {
    this.#options = options;
    this.#schedule = options.schedule ?? SCHEDULE;
    this.#recalls = new Recalls(this.#flights, this.#schedule, options.emit);
    this.#handovers = new Handovers(this.#flights, options.states, this.#schedule, options.emit);
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
      wishBytes: ({ state }) => {
        const wish = runBytes(state, {
          schedule: this.#schedule,
          nowMs,
          freeBytes,
          leftBytes,
          states: this.#options.states.values(),
          mostActive: this.#options.mostConnections,
        });
        return Math.min(wish, state.cuts.requestBytes(state.laneRate));
      },
    };
    const choice = choose(all, context) ?? this.#handovers.relieve(all, context);
    return choice === undefined ? undefined : this.#start(choice, nowMs);
  }

  ended(flight: Flight<D>, nowMs: number): void {
    this.#land(flight, nowMs);
    const { state } = flight.from;
    state.succeeded();
    state.cuts.ended(flight.course(nowMs));
    const { firstByteMs, receivedBytes } = flight.work;
    if (firstByteMs === undefined || flight.work.keeps !== 'loose') return;
    // What was over at once says how much waited in buffers, not how fast it came.
    state.finished(receivedBytes / Math.max(this.#schedule.redialAfterMs, nowMs - firstByteMs));
  }

  /** It failed, was taken back, or was given up; what that means for its source is `failed`'s to say, or nothing. */
  gone(flight: Flight<D>, nowMs: number): void {
    this.#land(flight, nowMs);
  }

  /** A request failed in a way that may pass. Returns how long its source is left alone. */
  failed(flight: Flight<D>, error: SluiceError, nowMs: number): number {
    const { state } = flight.from;
    const { waitMs, isNews } = state.failed(error, flight.startedMs, nowMs, flight.work.receivedBytes);
    const cut = error.code === 'RESET' ? state.cuts.broke(flight.course(nowMs)) : undefined;
    if (cut !== undefined) this.#options.emit(smallRequests(state, cut));
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
    const isBusyHere = this.#options.isBusyHere?.() === true;
    this.#recalls.sweep(states, nowMs, isBusyHere);
    const totalWork = states.reduce((sum, state) => sum + state.work, 0);
    const leftBytes = this.#flights.leftBytes + freeBytes;
    this.#handovers.clearFront({ schedule: this.#schedule, nowMs, leftBytes, states });
    for (const state of states) {
      this.#lookAfter(state, states, nowMs);
      this.#tellLevel(state, state.settleRefusal(nowMs));
      const busy = this.#flights.busyOf(state);
      this.#tellLevel(state, state.observeLevel({ nowMs, totalWork, busy, leftBytes, isBusyHere }));
    }
    return isGain;
  }

  #isOpen(job: D, from: FileSource, nowMs: number): boolean {
    if (from.banned !== undefined || nowMs < from.state.waitUntilMs || isShut(job.sources, from)) return false;
    if (isSpared(job.sources, from, nowMs)) return false;
    if (from.state.active + from.state.expected >= from.state.mostActive) return false;
    // Pieces can wait and be asked for in larger runs; small files cannot.
    if (job.freeBytes > SMALL_FILE_BYTES && !from.state.refusals.allowance.admits(nowMs)) return false;
    if (from.state.banned !== undefined && !isLastHope(job, from)) return false;
    return !this.#options.isHeldBack(job, from);
  }

  #start(choice: Choice<D>, nowMs: number): Flight<D> {
    const { state } = choice.from;
    const isRedial = this.#recalls.takesRedial(state);
    state.refusals.allowance.made(nowMs);
    const isFresh = state.takesNewConnection();
    const flight = new Flight(choice, nowMs, this.#schedule, { isRedial, isFresh });
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

  #lookAfter(state: SourceState, states: readonly SourceState[], nowMs: number): void {
    const change = state.health.look(othersRoundTripMs(state, states));
    if (change === undefined) return;
    const best = bestOther(state, states);
    this.#options.emit(healthChanged(state, change, best));
    if (change.isDegraded && best !== undefined && isOutdone(state, change, best))
      this.#tellLevel(state, state.degraded(nowMs));
  }

  #tellLevel(state: SourceState, change: LevelChange | undefined): void {
    if (change === undefined) return;
    this.#options.emit(levelChanged(state, change));
    const { from, to, reason } = change;
    if (to < from && reason !== 'refused') this.#recalls.cut(state, state.mostActive);
  }
}

/** A liar may still serve where it is alone: the digest decides. Nobody who cannot be spoken to safely may. */
function isLastHope(job: Desk, from: FileSource): boolean {
  if (from.state.banned?.code !== 'DIGEST_MISMATCH') return false;
  return job.sources.every((other) => other.banned !== undefined || other.state.banned !== undefined);
}
