import { SluiceError } from '../../base/index.js';
import { gateKey } from '../../net/index.js';
import type { Environment } from '../environment.js';
import type { Job } from '../files/job.js';
import { MAX_ASKED_WAIT_MS } from '../limits.js';

export interface Moment {
  readonly nowMs: number;
  readonly elapsedMs: number;
  /** Requests in flight for the job. */
  readonly active: number;
  /** Other files have all the connections. */
  readonly isCrowdedOut: boolean;
}

/**
 * Gives up on a file that gets no byte further for too long, however often it was tried. Time in which others have the connections, or in
 * which every source asked us to wait (`Retry-After`), does not count, the latter up to a limit; nor does what the bandwidth limit makes readers wait.
 */
export class Patience {
  readonly #environment: Environment;
  readonly #noProgressMs: number;
  readonly #asked = new WeakMap<Job, { ms: number; sinceMs: number }>();

  constructor(environment: Environment, noProgressMs: number) {
    this.#environment = environment;
    this.#noProgressMs = noProgressMs;
  }

  judge(job: Job, moment: Moment): SluiceError | undefined {
    if (!job.isFetching) return undefined;
    if (moment.isCrowdedOut) job.progressAtMs += moment.elapsedMs;
    else if (moment.active === 0 && this.#isAskedToWait(job)) {
      const asked = this.#asked.get(job);
      const ms = (asked?.sinceMs === job.progressAtMs ? asked.ms : 0) + moment.elapsedMs;
      job.progressAtMs += moment.elapsedMs;
      this.#asked.set(job, { ms, sinceMs: job.progressAtMs });
      if (ms > MAX_ASKED_WAIT_MS) return job.lastError ?? this.#noProgress(job);
    }
    const allowedMs = this.#noProgressMs + this.#environment.limiter.debtMs;
    return moment.nowMs - job.progressAtMs > allowedMs ? this.#noProgress(job) : undefined;
  }

  #isAskedToWait(job: Job): boolean {
    const { gate } = this.#environment;
    if (gate === undefined) return false;
    // A refusal that does not say for how long is lack of progress like any other.
    const { lastError } = job;
    if (lastError?.code === 'RATE_LIMITED' && lastError.retryAfterMs === undefined) return false;
    const left = job.sources.filter((from) => from.banned === undefined);
    return left.length > 0 && left.every((from) => gate.pauseMs(gateKey(from.route.likelyUrl)) > 0);
  }

  #noProgress(job: Job): SluiceError {
    const reason = job.lastError?.message ?? 'no source answered';
    const seconds = Math.round(this.#noProgressMs / 1000);
    return new SluiceError(
      'NO_PROGRESS',
      { path: job.task.path, seconds, reason },
      job.lastError === undefined ? {} : { cause: job.lastError },
    );
  }
}
