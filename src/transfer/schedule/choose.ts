import { RUN_TARGET_MS } from '../limits.js';
import type { Job, Work } from '../files/job.js';
import type { FileSource } from '../request/file-source.js';

export interface Choice {
  readonly job: Job;
  readonly from: FileSource;
  readonly work: Work;
}

/** What the choice depends on beside the jobs. */
export interface ChoiceContext {
  readonly connections: number;
  /** Requests in flight of a job. */
  activeOf(job: Job): number;
  /** Whether the source may be asked now for this job. */
  isOpen(job: Job, from: FileSource): boolean;
}

/**
 * The next request: of the file that has fewest connections, from the source whose next connection promises most. When nothing is free, a part
 * of what a slow connection still has to do.
 */
export function choose(jobs: Iterable<Job>, context: ChoiceContext): Choice | undefined {
  const fetching = [...jobs].filter((job) => job.isFetching);
  fetching.sort((left, right) => context.activeOf(left) - context.activeOf(right));
  return (
    firstWork(fetching, context, (job, from) =>
      job.take(from, { bytes: runBytes(from), connections: context.connections }),
    ) ?? firstWork(fetching, context, (job, from) => job.takeOver(from))
  );
}

function firstWork(
  jobs: readonly Job[],
  context: ChoiceContext,
  take: (job: Job, from: FileSource) => Work | undefined,
): Choice | undefined {
  for (const job of jobs) {
    const open = job.sources.filter((from) => context.isOpen(job, from));
    if (open.length > 1) open.sort((left, right) => promise(right) - promise(left));
    for (const from of open) {
      const work = take(job, from);
      if (work !== undefined) return { job, from, work };
    }
  }
  return undefined;
}

/**
 * Goodput that one connection more may expect: its share when what the source delivers is divided once more. So connections spread in proportion to what
 * sources deliver, and whoever has none yet is tried first. Sorting is stable: among equals the order of preference stands.
 */
function promise({ state }: FileSource): number {
  if (state.active === 0) return Infinity;
  return state.goodput === undefined ? 1e9 / (state.active + 1) : state.goodput / (state.active + 1);
}

/** What one connection of the source brings in the time that a request should last. */
function runBytes({ state }: FileSource): number {
  return state.goodput === undefined ? 0 : (state.goodput / Math.max(1, state.active)) * RUN_TARGET_MS;
}
