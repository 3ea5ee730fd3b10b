import type { SluiceError } from '../../base/index.js';
import type { Environment } from '../environment.js';
import type { FileSource } from '../request/file-source.js';
import { PieceFile } from '../files/piece-file.js';
import type { Choice } from './choose.js';

/** New addresses in a row that all refuse before that counts as a failure. */
const MOST_REFRESHES = 3;
const INTEGRITY = new Set(['SIZE_MISMATCH', 'SOURCE_CHANGED', 'DIGEST_MISMATCH']);

/** What a failed request means: for everything, for its file (that error), or only for its source, which has been dealt with. */
export async function judgeFailure(
  environment: Environment,
  choice: Choice,
  error: SluiceError,
  startedMs: number,
): Promise<'stop-all' | 'go-on' | SluiceError> {
  const { job, from } = choice;
  if (error.code === 'INTERRUPTED') return 'go-on';
  if (error.code === 'DISK_FULL') return 'stop-all';
  if (error.retry === 'never') return error;
  job.lastError = error;
  if (error.code === 'EXPIRED' && from.refreshes < MOST_REFRESHES) {
    from.refreshes += 1;
    return 'go-on';
  }
  if (error.code === 'SOURCE_CHANGED' && job instanceof PieceFile && (await job.restart())) return 'go-on';
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
    if (from.banned === undefined) ban(environment, choice, error);
    return verdictOf(job.sources) ?? 'go-on';
  }
  later(environment, choice, error, startedMs);
  return 'go-on';
}

/** The error to report when nobody is left: that of the source that was preferred. */
function verdictOf(sources: readonly FileSource[]): SluiceError | undefined {
  if (sources.some((from) => from.banned === undefined && !isLost(from))) return undefined;
  return sources.find((from) => from.banned !== undefined)?.banned;
}

function isLost(from: FileSource): boolean {
  return from.state.banned !== undefined && from.state.banned.code !== 'DIGEST_MISMATCH';
}

function ban(environment: Environment, { job, from, work }: Choice, error: SluiceError): void {
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

function later(environment: Environment, { job, from, work }: Choice, error: SluiceError, startedMs: number): void {
  const { code, message } = error;
  const source = from.source.id;
  const nowMs = environment.now();
  const wasOpen = from.state.waitUntilMs <= nowMs;
  const waitMs = Math.round(from.state.failed(error, startedMs, nowMs));
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
