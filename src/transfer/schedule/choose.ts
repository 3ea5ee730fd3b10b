import type { Desk, Work } from '../files/job.js';
import type { FileSource } from '../request/file-source.js';

export interface Choice<D extends Desk = Desk> {
  readonly job: D;
  readonly from: FileSource;
  readonly work: Work;
}

/** What the choice depends on beside the jobs. */
export interface ChoiceContext<D extends Desk> {
  readonly nowMs: number;
  /** Requests in flight of a job. */
  activeOf(job: D): number;
  /** Whether the source may be asked now for this job. */
  isOpen(job: D, from: FileSource): boolean;
  /** How much its next request should bring. */
  wishBytes(from: FileSource): number;
}

/** The next request for what nobody has asked for: of the file that has fewest connections, from the source whose next connection promises most. */
export function choose<D extends Desk>(jobs: Iterable<D>, context: ChoiceContext<D>): Choice<D> | undefined {
  for (const job of byNeed(jobs, context)) {
    for (const from of openSources(job, context)) {
      const work = job.take(from, context.wishBytes(from), context.nowMs);
      if (work !== undefined) return { job, from, work };
    }
  }
  return undefined;
}

export function byNeed<D extends Desk>(jobs: Iterable<D>, context: Pick<ChoiceContext<D>, 'activeOf'>): D[] {
  const fetching = [...jobs].filter((job) => job.isFetching);
  return fetching.sort((left, right) => context.activeOf(left) - context.activeOf(right));
}

export function openSources<D extends Desk>(job: D, context: Pick<ChoiceContext<D>, 'isOpen'>): FileSource[] {
  const open = job.sources.filter((from) => context.isOpen(job, from));
  return open.length > 1 ? open.sort((left, right) => promise(right) - promise(left)) : open;
}

/** Others are preferred to a source that is in a bad way. */
const DEGRADED_WEIGHT = 0.25;

/**
 * Goodput that one connection more may expect: its share when what the source delivers is divided once more. So connections spread in proportion to what
 * sources deliver, and whoever has none yet is tried first. Sorting is stable: among equals the order of preference stands.
 */
function promise({ state }: FileSource): number {
  // What it brought before it fell silent promises nothing.
  if (state.silences > 0) return 0;
  const weight = state.health.isDegraded ? DEGRADED_WEIGHT : 1;
  if (state.active === 0 && weight === 1) return Infinity;
  return ((state.goodput ?? 1e9) / (state.active + 1)) * weight;
}
