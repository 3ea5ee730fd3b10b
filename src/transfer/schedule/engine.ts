import { SluiceError, toSluiceError } from '../../base/index.js';
import { gateKey } from '../../net/index.js';
import type { Environment } from '../environment.js';
import type { Job } from '../files/job.js';
import { LARGE_FILES_IN_FLIGHT, REPORT_MS, SCHEDULE, TICK_MS } from '../limits.js';
import type { TransferResult } from '../port.js';
import type { Flight } from './flight.js';
import { judgeFailure, verdictOf } from './judge-failure.js';
import { Queue } from './queue.js';
import { createProgress, type Progress } from './progress.js';
import { Patience } from './patience.js';
import { Scheduler } from './scheduler.js';
import type { SourceState } from './source-state.js';

export interface EngineOptions {
  readonly connections: number | 'auto';
  readonly mostConnections?: number;
  readonly noProgressMs: number;
  /** Files come and go, and what happens to one is nothing to the others: none waits for its turn, and no failure ends all. */
  readonly isService?: boolean;
}

/** What was given to the engine, as long as it is there. */
export interface Given {
  /** Ends it with this error, whether it began or not. */
  cancel(error: SluiceError): void;
}

/** What waits to become a job; made one, it opens files. */
export interface Pending {
  readonly sizeBytes: number | undefined;
  /** Sizes of the files that it stands for, where these are several: then each is told of by `finished`, or comes by `add`. */
  readonly parts?: readonly number[];
  readonly isLarge: boolean;
  open(): Job;
  onResult(result: TransferResult): void;
}

interface Waiting extends Pending {
  job?: Job;
  /** Ended before it began. */
  cancelled?: SluiceError;
}

/** Runs jobs under one budget of connections. */
export class Engine {
  readonly #environment: Environment;
  readonly #options: EngineOptions;
  readonly #states: ReadonlyMap<string, SourceState>;
  readonly #progress: Progress;
  readonly #patience: Patience;
  readonly #large: Queue<Waiting>;
  readonly #small: Queue<Waiting>;
  readonly #jobs = new Set<Job>();
  readonly #scheduler: Scheduler<Job>;
  readonly #inFlight = new Set<Promise<void>>();
  #fatal: SluiceError | undefined;
  #pumpTimer: NodeJS.Timeout | undefined;
  /** Of a service, while it has jobs. */
  #clock: NodeJS.Timeout | undefined;
  #finish: () => void = () => undefined;
  #reportedMs: number;
  #gainedMs: number;

  constructor(
    environment: Environment,
    options: EngineOptions,
    states: ReadonlyMap<string, SourceState>,
    waiting: readonly Pending[],
  ) {
    this.#environment = environment;
    this.#options = options;
    this.#states = states;
    this.#large = new Queue(waiting.filter(({ isLarge }) => isLarge));
    this.#small = new Queue(waiting.filter(({ isLarge }) => !isLarge));
    this.#progress = createProgress(
      environment,
      options.isService === true
        ? undefined
        : waiting.flatMap(({ sizeBytes, parts }): readonly (number | undefined)[] => parts ?? [sizeBytes]),
    );
    this.#patience = new Patience(environment, options.noProgressMs);
    this.#scheduler = new Scheduler({
      states,
      mostConnections: mostConnections(options),
      emit: environment.emit,
      isBusyHere: () => environment.carriers.isBusy(),
      isHeldBack: (_job, from) => {
        const { gate } = environment;
        return gate !== undefined && gate.pauseMs(gateKey(from.route.likelyUrl)) > 0;
      },
    });
    this.#reportedMs = environment.now();
    this.#gainedMs = this.#reportedMs;
  }

  /** Resolves when every job is over and nothing is in flight any more. */
  async run(): Promise<void> {
    const done = new Promise<void>((resolve) => (this.#finish = resolve));
    const clock = setInterval(() => this.#tick(), TICK_MS);
    const onAbort = (): void => this.#stop(new SluiceError('INTERRUPTED'));
    this.#environment.signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.pump();
      if (this.#environment.signal.aborted) onAbort();
      await done;
      await Promise.all(this.#inFlight);
      this.#progress.report([], this.#states);
    } finally {
      clearInterval(clock);
      clearTimeout(this.#pumpTimer);
      this.#environment.signal.removeEventListener('abort', onAbort);
    }
  }

  /** A file that was a part of something leaves it, to be brought by itself; at the next tick, unless something happens before. */
  add(pending: Pending): void {
    this.#small.add(pending);
  }

  /** Of a service: begins with it at once. */
  begin(pending: Pending): Given {
    const waiting: Waiting = { ...pending };
    (pending.isLarge ? this.#large : this.#small).add(waiting);
    if (this.#clock === undefined) {
      this.#clock = setInterval(() => this.#tick(), TICK_MS);
      this.#gainedMs = this.#reportedMs = this.#environment.now();
    }
    this.pump();
    return {
      cancel: (error) => {
        waiting.cancelled = error;
        waiting.job?.fail(error);
      },
    };
  }

  /** Of a service: ends everything with this error, also what comes later; resolves when nothing is in flight any more. */
  async stop(error: SluiceError): Promise<void> {
    const done = new Promise<void>((resolve) => (this.#finish = resolve));
    this.#stop(error);
    await done;
    await Promise.all(this.#inFlight);
    this.#rest();
  }

  /** A file that is a part of something is over. */
  finished(result: TransferResult): void {
    this.#progress.finished(0, result);
  }

  /** Starts whatever can be started now. */
  pump(): void {
    this.#admit();
    if (this.#fatal !== undefined) return;
    for (;;) {
      const flight = this.#scheduler.next(this.#jobs, this.#environment.now());
      if (flight === undefined) break;
      this.#launch(flight);
    }
    this.#pumpLater();
  }

  /** Opens files ahead of need: a few large ones, and beside them enough small ones to keep every connection busy. */
  #admit(): void {
    const jobs = [...this.#jobs];
    let large = jobs.filter((job) => job.isLarge).length;
    let small = jobs.length - large;
    const { isService = false } = this.#options;
    const mostLarge = isService ? Infinity : LARGE_FILES_IN_FLIGHT;
    const mostSmall = isService ? Infinity : mostConnections(this.#options) * 2;
    for (; large < mostLarge && this.#open(this.#large); large += 1);
    for (; small < mostSmall && this.#open(this.#small); small += 1);
    if (this.#jobs.size > 0 || !this.#large.isEmpty || !this.#small.isEmpty) return;
    if (isService) this.#rest();
    this.#finish();
  }

  /** Nothing is to be done: the clock stands still until something is. */
  #rest(): void {
    clearInterval(this.#clock);
    clearTimeout(this.#pumpTimer);
    this.#clock = undefined;
  }

  #open(queue: Queue<Waiting>): boolean {
    const pending = queue.take();
    if (pending === undefined) return false;
    const job = pending.open();
    pending.job = job;
    this.#jobs.add(job);
    void job.done.then((result) => this.#ended(job, pending, result));
    const error = this.#fatal ?? pending.cancelled;
    if (error === undefined) job.start();
    else job.fail(errorFor(job, error));
    return true;
  }

  #ended(job: Job, pending: Pending, result: TransferResult): void {
    this.#jobs.delete(job);
    if (pending.parts === undefined) {
      pending.onResult(result);
      this.#progress.finished(job.doneBytes, result);
    }
    // No other file will find room either.
    const isFull = result.error?.code === 'DISK_FULL' && this.#options.isService !== true;
    if (isFull && this.#fatal === undefined) this.#stop(result.error);
    this.pump();
  }

  #launch(flight: Flight<Job>): void {
    const { from, work } = flight;
    const { state } = from;
    const bytesBefore = state.receivedBytes;
    const over = work
      .run()
      .then(() => {
        this.#scheduler.ended(flight, this.#environment.now());
        from.refreshes = 0;
        from.doubtedMs = undefined;
      })
      .catch((thrown: unknown) => {
        if (state.receivedBytes > bytesBefore) from.refreshes = 0;
        return this.#failed(flight, toSluiceError(thrown));
      })
      .finally(() => {
        this.#scheduler.gone(flight, this.#environment.now());
        this.#inFlight.delete(over);
        this.pump();
      });
    this.#inFlight.add(over);
  }

  async #failed(flight: Flight<Job>, error: SluiceError): Promise<void> {
    if (this.#fatal !== undefined || this.#environment.signal.aborted) return;
    try {
      const outcome = await judgeFailure(this.#environment, this.#scheduler, flight, error);
      if (outcome === 'stop-all' && this.#options.isService === true) flight.job.fail(error);
      else if (outcome === 'stop-all') this.#stop(error);
      else if (outcome !== 'go-on') flight.job.fail(outcome);
      this.#giveUpLost();
    } catch (thrown) {
      flight.job.fail(toSluiceError(thrown));
    }
  }

  /** A source that nobody may speak to any more is lost to all files. */
  #giveUpLost(): void {
    for (const job of [...this.#jobs]) {
      const error = job.isFetching ? verdictOf(job) : undefined;
      if (error !== undefined) job.fail(error);
    }
  }

  #stop(error: SluiceError): void {
    this.#fatal ??= error;
    for (const job of [...this.#jobs]) job.fail(errorFor(job, error));
    this.#admit();
  }

  #tick(): void {
    const nowMs = this.#environment.now();
    for (const look of this.#environment.pulse) look();
    const freeBytes = [...this.#jobs].reduce((sum, job) => sum + job.freeBytes, 0);
    if (this.#scheduler.tick(nowMs, freeBytes)) this.#gainedMs = nowMs;
    if (nowMs - this.#reportedMs >= REPORT_MS) this.#report(nowMs);
    this.pump();
  }

  /** Tells how far everything is, and gives up what gets no further. */
  #report(nowMs: number): void {
    const elapsedMs = nowMs - this.#reportedMs;
    this.#reportedMs = nowMs;
    this.#progress.report([...this.#jobs], this.#states);
    this.#giveUpLost();
    const { isFull } = this.#scheduler;
    for (const job of [...this.#jobs]) {
      const active = this.#scheduler.activeOf(job);
      const error = this.#patience.judge(job, { nowMs, elapsedMs, active, isCrowdedOut: isFull && active === 0 });
      if (error === undefined) continue;
      // When nothing at all came for that long, files that have not had their turn would only wait as long again.
      const isStuck = error.code === 'NO_PROGRESS' && nowMs - this.#gainedMs > this.#options.noProgressMs;
      if (isStuck && this.#options.isService !== true) this.#stop(error);
      else job.fail(error);
    }
  }

  /** A source that waits is asked again on time rather than at the next tick. */
  #pumpLater(): void {
    clearTimeout(this.#pumpTimer);
    if (this.#scheduler.isFull || this.#jobs.size === 0) return;
    const nowMs = this.#environment.now();
    let soonest = Infinity;
    for (const { waitUntilMs } of this.#states.values())
      if (waitUntilMs > nowMs) soonest = Math.min(soonest, waitUntilMs - nowMs);
    if (soonest < TICK_MS) this.#pumpTimer = setTimeout(() => this.pump(), Math.ceil(soonest));
  }
}

/** Of `auto`, or as told. */
export function mostConnections({ connections, mostConnections: most = Infinity }: EngineOptions): number {
  return connections === 'auto' ? Math.min(SCHEDULE.mostConnections, most) : connections;
}

/** What ends everything names the file it is told of. */
function errorFor({ task }: Job, error: SluiceError): SluiceError {
  if (error.code !== 'NO_PROGRESS') return error;
  return new SluiceError('NO_PROGRESS', { ...error.details, path: task.path }, { cause: error.cause });
}
