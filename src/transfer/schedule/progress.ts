import type { FileProgress, SourceProgress } from '../../base/index.js';
import type { Environment } from '../environment.js';
import type { Job } from '../files/job.js';
import { LIMIT_SHOWN_MS } from '../limits.js';
import type { TransferResult, TransferTask } from '../port.js';
import { scoreOf } from './score.js';
import type { SourceState } from './source-state.js';

/** Tells how far everything is, at the pace of the engine's clock. */
export interface Progress {
  report(jobs: readonly Job[], states: ReadonlyMap<string, SourceState>): void;
  /** `doneBytes` counts where the result does not tell its size. */
  finished(doneBytes: number, result: TransferResult): void;
}

/** Rates shown to people are averaged over about this time. */
const RATE_WINDOW_MS = 3000;

/** Without `sizes` nobody knows what is to come, and what is over is told of no more. */
export function createProgress(environment: Environment, sizes: readonly (number | undefined)[] | undefined): Progress {
  const totalBytes =
    sizes?.reduce<number | null>((sum, size) => (sum === null || size === undefined ? null : sum + size), 0) ?? null;
  const rates = new WeakMap<TransferTask, Rate>();
  const total = new Rate();
  let finishedBytes = 0;
  let filesDone = 0;
  let atMs = environment.now();
  let heldMs = -Infinity;
  return {
    finished: (doneBytes, result) => {
      if (sizes === undefined) return;
      finishedBytes += result.error === undefined ? (result.sizeBytes ?? doneBytes) : 0;
      if (result.error === undefined) filesDone += 1;
    },
    report: (jobs, states) => {
      const nowMs = environment.now();
      const elapsedMs = Math.max(1, nowMs - atMs);
      atMs = nowMs;
      const underway = jobs.flatMap((job) => job.underway ?? (job.isLarge || job.doneBytes > 0 ? [job] : []));
      const files = underway.map(({ task, doneBytes }): FileProgress => {
        const rate = rates.get(task) ?? new Rate();
        rates.set(task, rate);
        return {
          file: task.path,
          doneBytes,
          totalBytes: task.sizeBytes ?? null,
          bytesPerSecond: rate.next(doneBytes, elapsedMs),
        };
      });
      const doneBytes = jobs.reduce((sum, job) => sum + job.doneBytes, finishedBytes);
      const received = [...states.values()].reduce((sum, state) => sum + state.receivedBytes, 0);
      const bytesPerSecond = total.next(received, elapsedMs);
      if (environment.limiter.debtMs > 0) heldMs = nowMs;
      const limit = nowMs - heldMs <= LIMIT_SHOWN_MS ? environment.limiter.bytesPerSecond : undefined;
      const leftBytes = totalBytes === null ? null : Math.max(0, totalBytes - doneBytes);
      environment.emit({
        type: 'progress',
        files,
        sources: [...states.values()]
          .filter((state) => state.receivedBytes > 0 || state.active > 0)
          .map((state) => ({
            source: state.id,
            doneBytes: state.receivedBytes,
            bytesPerSecond: Math.round((state.active > 0 ? (state.goodput ?? 0) : 0) * 1000),
            connections: state.active,
            ...qualityOf(state),
          })),
        doneBytes,
        totalBytes,
        bytesPerSecond,
        etaMs: leftBytes === null || bytesPerSecond === 0 ? null : Math.round((leftBytes / bytesPerSecond) * 1000),
        filesDone,
        filesTotal: sizes?.length ?? jobs.length,
        ...(limit === undefined ? {} : { limitBytesPerSecond: limit }),
      });
    },
  };
}

function qualityOf(state: SourceState): Pick<SourceProgress, 'roundTripMs' | 'failedShare' | 'score'> {
  const { roundTripMs, numbers } = state.health;
  return {
    roundTripMs: roundTripMs === undefined ? null : Math.round(roundTripMs),
    failedShare: Math.round(numbers.failedShare * 1000) / 1000,
    score: scoreOf(state),
  };
}

/** A smoothed rate of a count that grows; what was there at the first look does not count. */
class Rate {
  #count: number | undefined;
  #perMs: number | undefined;

  /** Bytes per second, given the count now and the time since the last look. */
  next(count: number, elapsedMs: number): number {
    const grown = Math.max(0, count - (this.#count ?? count));
    const isFirst = this.#count === undefined;
    this.#count = count;
    if (isFirst) return 0;
    const rate = grown / elapsedMs;
    const weight = Math.min(1, elapsedMs / RATE_WINDOW_MS);
    this.#perMs = this.#perMs === undefined ? rate : this.#perMs + (rate - this.#perMs) * weight;
    return Math.round(this.#perMs * 1000);
  }
}
