import type { Desk } from '../files/job.js';
import type { Schedule } from '../limits.js';
import type { FileSource } from '../request/file-source.js';
import type { Flight } from './flight.js';
import type { SourceState } from './source-state.js';

/** A request at a piece that all behind it waits for, to be hashed, and the source of which another connection would bring it sooner. */
export interface LateFront<D extends Desk> {
  readonly flight: Flight<D>;
  readonly to: FileSource;
  /** When the piece would be there, and will. */
  readonly leftMs: number;
  readonly thenMs: number;
}

export interface LateContext<D extends Desk> {
  readonly schedule: Schedule;
  readonly nowMs: number;
  /** What is still to come of everything. */
  readonly leftBytes: number;
  readonly states: readonly SourceState[];
  /** How often the piece that it is at was handed over already. */
  readonly handedOver: (flight: Flight<D>) => number;
}

/** How much better the connections of another source must be. */
const BETTER = 2;
/** So many times what another needs before the last moment it is asked: it must come to it first. */
const AHEAD = 4;

/**
 * The request whose piece comes so late that hashing what lies behind it would end after everything else, and that another connection would bring sooner. Of
 * several the first in its file: one at a time. What comes at the end anyway, or has little behind it, stays where it is.
 */
export function findLateFront<D extends Desk>(
  flights: Iterable<Flight<D>>,
  context: LateContext<D>,
): LateFront<D> | undefined {
  const { states, leftBytes } = context;
  const total = states.reduce((sum, { laneRate, active }) => sum + (laneRate ?? 0) * active, 0);
  if (total <= 0 || !Number.isFinite(leftBytes)) return undefined;
  let first: LateFront<D> | undefined;
  for (const flight of flights) {
    if (first !== undefined && (flight.work.behindBytes ?? 0) <= (first.flight.work.behindBytes ?? 0)) continue;
    first = lateOf(flight, leftBytes / total, context) ?? first;
  }
  return first;
}

function lateOf<D extends Desk>(
  flight: Flight<D>,
  endMs: number,
  { schedule, nowMs, handedOver }: LateContext<D>,
): LateFront<D> | undefined {
  const { work, isLeaving, isSpeedingUp, rate } = flight;
  const hashMs = (work.behindBytes ?? 0) / schedule.hashRate;
  if (isLeaving || work.keeps !== 'loose' || work.isShort === true || rate === undefined) return undefined;
  if (isSpeedingUp || flight.from.state.refusals.isCounting(nowMs)) return undefined;
  // Young connections still speed up.
  const leastAgeMs = Math.max(
    schedule.redialAfterMs,
    schedule.redialAfterRoundTrips * (flight.from.state.health.roundTripMs ?? 0),
  );
  if (nowMs - (work.firstByteMs ?? nowMs) < leastAgeMs) return undefined;
  const pieceLeftBytes = work.leftBytes - work.spareBytes;
  const leftMs = pieceLeftBytes / Math.max(rate, 1e-9);
  if (Math.min(leftMs, endMs) + hashMs < endMs + schedule.reliefGainMs) return undefined;
  const to = bestFor(flight, rate, nowMs, schedule);
  if (to?.state.laneRate === undefined) return undefined;
  const thenMs = to.state.startMs + pieceLeftBytes / to.state.laneRate;
  if (endMs > hashMs + thenMs * AHEAD || leftMs < thenMs * BETTER) return undefined;
  const least = schedule.reliefGainMs * 4 ** handedOver(flight);
  return Math.min(leftMs, endMs) - thenMs < least ? undefined : { flight, to, leftMs, thenMs };
}

/** Of other sources the one with the best connections; its own where this one is far worse than those. */
function bestFor<D extends Desk>(
  { job, from }: Flight<D>,
  theirs: number,
  nowMs: number,
  { redialShare }: Schedule,
): FileSource | undefined {
  let best: FileSource | undefined;
  for (const each of job.sources) {
    const { laneRate = 0, banned, active, silences, waitUntilMs } = each.state;
    const isAble = each.banned === undefined && banned === undefined && silences === 0 && waitUntilMs <= nowMs;
    const better = each.state === from.state ? 1 / redialShare : BETTER;
    if (!isAble || active === 0 || laneRate < theirs * better) continue;
    if (laneRate > (best?.state.laneRate ?? 0)) best = each;
  }
  return best;
}
