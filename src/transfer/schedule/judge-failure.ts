import type { SluiceError } from '../../base/index.js';
import type { Environment } from '../environment.js';
import type { FileSource } from '../request/file-source.js';
import type { Job } from '../files/job.js';
import type { Flight } from './flight.js';
import type { Scheduler } from './scheduler.js';

/** New addresses in a row that all refuse before that counts as a failure. */
const MOST_REFRESHES = 3;
const INTEGRITY = new Set(['SIZE_MISMATCH', 'SOURCE_CHANGED', 'DIGEST_MISMATCH']);

/** What a failed request means: for everything, for its file (that error), or only for its source, which has been dealt with. */
export async function judgeFailure(
  environment: Environment,
  scheduler: Scheduler<Job>,
  flight: Flight<Job>,
  error: SluiceError,
): Promise<'stop-all' | 'go-on' | SluiceError> {
  const { job, from, startedMs } = flight;
  if (error.code === 'INTERRUPTED') return 'go-on';
  if (error.code === 'DISK_FULL') return 'stop-all';
  if (error.retry === 'never') return error;
  job.lastError = error;
  if (error.code === 'EXPIRED' && from.refreshes < MOST_REFRESHES) {
    from.refreshes += 1;
    return 'go-on';
  }
  if (error.code === 'SOURCE_CHANGED' && (await job.restart?.()) === true) return 'go-on';
  if (error.code === 'RANGE_REFUSED' && from.ignoresRanges) return 'go-on';
  if (error.code === 'SIZE_MISMATCH' || error.code === 'RANGE_REFUSED') {
    // One odd answer may be a slip of an edge; a source that gives a second one after it is out of step.
    const isFirst = from.doubtedMs === undefined || startedMs < from.doubtedMs;
    if (isFirst && from.banned === undefined) {
      from.doubtedMs ??= environment.now();
      return 'go-on';
    }
  }
  if (error.retry === 'elsewhere') {
    // Requests that were in flight together bring the same news.
    if (from.banned === undefined) ban(environment, flight, error);
    return verdictOf(job) ?? 'go-on';
  }
  later(environment, scheduler, flight, error);
  return 'go-on';
}

/** The error to report when nobody is left: that wrong bytes came, whatever others refused; else that of the source that was preferred. */
export function verdictOf({ sources, awaitedSources }: Job): SluiceError | undefined {
  if (awaitedSources > 0) return undefined;
  if (sources.some((from) => from.banned === undefined && !isLost(from))) return undefined;
  const lost =
    sources.find(({ banned }) => banned?.code === 'DIGEST_MISMATCH') ??
    sources.find((from) => from.banned !== undefined) ??
    sources.find(isLost);
  return lost?.banned ?? lost?.state.banned;
}

function isLost(from: FileSource): boolean {
  return from.state.banned !== undefined && from.state.banned.code !== 'DIGEST_MISMATCH';
}

function ban(environment: Environment, { job, from, work }: Flight<Job>, error: SluiceError): void {
  from.banned = error;
  if (error.code === 'TLS') from.state.banned ??= error;
  const { code, message } = error;
  const source = from.source.id;
  environment.emit({
    type: 'piece.failed',
    file: job.task.path,
    index: work.index,
    source,
    code,
    message,
    retryInMs: null,
  });
  if (INTEGRITY.has(code)) environment.emit({ type: 'source.banned', source, code, message });
}

function later(environment: Environment, scheduler: Scheduler<Job>, flight: Flight<Job>, error: SluiceError): void {
  const { job, from, work } = flight;
  const { code, message } = error;
  const source = from.source.id;
  const nowMs = environment.now();
  const wasOpen = from.state.waitUntilMs <= nowMs;
  const waitMs = Math.round(scheduler.failed(flight, error, nowMs));
  environment.emit({
    type: 'piece.failed',
    file: job.task.path,
    index: work.index,
    source,
    code,
    message,
    retryInMs: waitMs,
  });
  if (wasOpen && waitMs > 0) environment.emit({ type: 'source.waiting', source, waitMs, reason: message });
}
