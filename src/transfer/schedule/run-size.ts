import type { Schedule } from '../limits.js';
import type { SourceState } from './source-state.js';

export interface RunContext {
  readonly schedule: Schedule;
  readonly nowMs: number;
  /** What nobody has been asked for. */
  readonly freeBytes: number;
  /** What requests in flight still have to bring. */
  readonly leftBytes: number;
  /** All that may be asked. */
  readonly states: Iterable<SourceState>;
  /** Most connections in all. */
  readonly mostActive: number;
}

/**
 * How much the next request of a source should bring: what its connection delivers in half of the time until everything is there, so that runs get
 * shorter towards the end and all end together; in more of that time where round trips would cost too much, and until the very end where the host
 * counts requests. All runs together fit into the window, unless round trips would cost too much then.
 */
export function runBytes(state: SourceState, context: RunContext): number {
  const { schedule, nowMs, freeBytes, leftBytes } = context;
  const states = [...context.states].filter(({ banned }) => banned === undefined);
  const lanes = states.reduce((sum, each) => sum + Math.max(each.active, each.mostActive), 0);
  const known = states.flatMap(({ laneRate }) => (laneRate === undefined ? [] : [laneRate]));
  if (known.length === 0)
    return Math.min(schedule.firstWindowBytes, freeBytes * schedule.tailShare) / Math.min(context.mostActive, lanes);
  const usual = known.reduce((sum, rate) => sum + rate, 0) / known.length;
  const rateOf = (each: SourceState): number => Math.max(each.laneRate ?? usual, 1e-9);
  const total = states.reduce((sum, each) => sum + rateOf(each) * Math.max(each.active, each.mostActive), 0);
  const endMs = (freeBytes + leftBytes) / total;
  // Rather too much, which can be shared, than one request more for what is left over.
  if (state.refusals.isCounting(nowMs)) return rateOf(state) * endMs * schedule.countedShare;
  const worthwhileMs = schedule.roundTripsPerRun * (state.health.leastRoundTripMs ?? 0);
  const fairMs = Math.max(endMs * schedule.tailShare, Math.min(endMs * schedule.farTailShare, worthwhileMs));
  // Where there is somebody else to turn to, answers must come often enough to show how this one does.
  const watchedMs = states.length > 1 ? schedule.watchMs * Math.max(state.active, 1) : Infinity;
  return rateOf(state) * Math.min(fairMs, Math.max(Math.min(schedule.windowBytes / total, watchedMs), worthwhileMs));
}
