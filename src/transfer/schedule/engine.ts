import { SluiceError, toSluiceError } from '../../base/index.js';
import { gateKey } from '../../net/index.js';
import type { Environment } from '../environment.js';
import type { Job } from '../files/job.js';
import { LARGE_FILES_IN_FLIGHT, TICK_MS } from '../limits.js';
import type { TransferResult } from '../port.js';
import type { FileSource } from '../request/file-source.js';
import { choose, type Choice } from './choose.js';
import { judgeFailure } from './judge-failure.js';
import { Queue } from './queue.js';
import { createProgress, type Progress } from './progress.js';
import { Patience } from './patience.js';
import type { SourceState } from './source-state.js';

export interface EngineOptions {
  readonly connections: number;
  readonly noProgressMs: number;
}

/** What waits to become a job; made one, it opens files. */
export interface Pending {
  readonly sizeBytes: number | undefined;
  readonly isLarge: boolean;
  open(): Job;
  onResult(result: TransferResult): void;
}

/** Runs jobs under one budget of connections. */
export class Engine {
  readonly #environment: Environment;
  readonly #options: EngineOptions;
  readonly #states: ReadonlyMap<string, SourceState>;
  readonly #progress: Progress;
  readonly #patience: Patience;
  readonly #large: Queue<Pending>;
  readonly #small: Queue<Pending>;
  readonly #jobs = new Set<Job>();
  readonly #active = new Map<Job, number>();
  readonly #inFlight = new Set<{ choice: Choice; over: Promise<void> }>();
  #fatal: SluiceError | undefined;
  #pumpTimer: NodeJS.Timeout | undefined;
  #finish: () => void = () => undefined;
  #tickedMs: number;
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
      waiting.map(({ sizeBytes }) => sizeBytes),
    );
    this.#patience = new Patience(environment, options.noProgressMs);
    this.#tickedMs = environment.now();
    this.#gainedMs = this.#tickedMs;
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
      await Promise.all([...this.#inFlight].map(({ over }) => over));
      this.#progress.report([], this.#states);
    } finally {
      clearInterval(clock);
      clearTimeout(this.#pumpTimer);
      this.#environment.signal.removeEventListener('abort', onAbort);
    }
  }

  /** Starts whatever can be started now. */
  pump(): void {
    this.#admit();
    if (this.#fatal !== undefined) return;
    const { connections } = this.#options;
    while (this.#inFlight.size < connections) {
      const nowMs = this.#environment.now();
      const choice = choose(this.#jobs, {
        connections,
        activeOf: (job) => this.#active.get(job) ?? 0,
        isOpen: (job, from) => this.#isOpen(job, from, nowMs),
      });
      if (choice === undefined) break;
      this.#launch(choice);
    }
    this.#pumpLater();
  }

  /** Opens files ahead of need: a few large ones, and beside them enough small ones to keep every connection busy. */
  #admit(): void {
    const jobs = [...this.#jobs];
    let large = jobs.filter((job) => job.isLarge).length;
    let small = jobs.length - large;
    for (; large < LARGE_FILES_IN_FLIGHT && this.#open(this.#large); large += 1);
    for (; small < this.#options.connections * 2 && this.#open(this.#small); small += 1);
    if (this.#jobs.size === 0 && this.#large.isEmpty && this.#small.isEmpty) this.#finish();
  }

  #open(queue: Queue<Pending>): boolean {
    const pending = queue.take();
    if (pending === undefined) return false;
    const job = pending.open();
    this.#jobs.add(job);
    void job.done.then((result) => this.#ended(job, pending, result));
    if (this.#fatal === undefined) job.start();
    else job.fail(errorFor(job, this.#fatal));
    return true;
  }

  #ended(job: Job, pending: Pending, result: TransferResult): void {
    this.#jobs.delete(job);
    pending.onResult(result);
    this.#progress.finished(job, result);
    // No other file will find room either.
    if (result.error?.code === 'DISK_FULL' && this.#fatal === undefined) this.#stop(result.error);
    this.pump();
  }

  #isOpen(job: Job, from: FileSource, nowMs: number): boolean {
    if (from.banned !== undefined || nowMs < from.state.waitUntilMs) return false;
    if (from.state.active >= from.state.mostActive) return false;
    if (from.state.banned !== undefined && !this.#isLastHope(job, from)) return false;
    const { gate } = this.#environment;
    return gate === undefined || gate.pauseMs(gateKey(from.route.likelyUrl)) === 0;
  }

  /** A liar may still serve where it is alone: the digest decides. Nobody who cannot be spoken to safely may. */
  #isLastHope(job: Job, from: FileSource): boolean {
    if (from.state.banned?.code !== 'DIGEST_MISMATCH') return false;
    return job.sources.every((other) => other.banned !== undefined || other.state.banned !== undefined);
  }

  #launch(choice: Choice): void {
    const { job, from, work } = choice;
    const { state } = from;
    const startedMs = this.#environment.now();
    state.active += 1;
    this.#active.set(job, (this.#active.get(job) ?? 0) + 1);
    const bytesBefore = state.receivedBytes;
    const flight = { choice, over: Promise.resolve() };
    flight.over = work
      .run()
      .then(() => {
        state.succeeded();
        from.refreshes = 0;
        from.doubtedMs = undefined;
      })
      .catch((thrown: unknown) => {
        if (state.receivedBytes > bytesBefore) from.refreshes = 0;
        return this.#failed(choice, toSluiceError(thrown), startedMs);
      })
      .finally(() => {
        state.active -= 1;
        const left = (this.#active.get(job) ?? 1) - 1;
        if (left > 0) this.#active.set(job, left);
        else this.#active.delete(job);
        this.#inFlight.delete(flight);
        this.pump();
      });
    this.#inFlight.add(flight);
  }

  async #failed(choice: Choice, error: SluiceError, startedMs: number): Promise<void> {
    if (this.#fatal !== undefined || this.#environment.signal.aborted) return;
    try {
      const outcome = await judgeFailure(this.#environment, choice, error, startedMs);
      if (outcome === 'stop-all') this.#stop(error);
      else if (outcome !== 'go-on') choice.job.fail(outcome);
    } catch (thrown) {
      choice.job.fail(toSluiceError(thrown));
    }
  }

  #stop(error: SluiceError): void {
    this.#fatal ??= error;
    for (const job of [...this.#jobs]) job.fail(errorFor(job, error));
    this.#admit();
  }

  #tick(): void {
    const nowMs = this.#environment.now();
    const elapsedMs = nowMs - this.#tickedMs;
    this.#tickedMs = nowMs;
    const isGain = [...this.#states.values()].map((state) => state.measure(elapsedMs) > 0).includes(true);
    if (isGain) this.#gainedMs = nowMs;
    this.#progress.report([...this.#jobs], this.#states);
    const isFull = this.#inFlight.size >= this.#options.connections;
    for (const job of [...this.#jobs]) {
      const active = this.#active.get(job) ?? 0;
      const error = this.#patience.judge(job, { nowMs, elapsedMs, active, isCrowdedOut: isFull && active === 0 });
      if (error === undefined) continue;
      // When nothing at all came for that long, files that have not had their turn would only wait as long again.
      if (error.code === 'NO_PROGRESS' && nowMs - this.#gainedMs > this.#options.noProgressMs) this.#stop(error);
      else job.fail(error);
    }
    this.pump();
  }

  /** A source that waits is asked again on time rather than at the next tick. */
  #pumpLater(): void {
    clearTimeout(this.#pumpTimer);
    if (this.#inFlight.size >= this.#options.connections) return;
    const nowMs = this.#environment.now();
    let soonest = Infinity;
    for (const { waitUntilMs } of this.#states.values())
      if (waitUntilMs > nowMs) soonest = Math.min(soonest, waitUntilMs - nowMs);
    if (soonest < TICK_MS) this.#pumpTimer = setTimeout(() => this.pump(), Math.ceil(soonest));
  }
}

/** What ends everything names the file it is told of. */
function errorFor({ task }: Job, error: SluiceError): SluiceError {
  if (error.code !== 'NO_PROGRESS') return error;
  return new SluiceError('NO_PROGRESS', { ...error.details, path: task.path }, { cause: error.cause });
}
