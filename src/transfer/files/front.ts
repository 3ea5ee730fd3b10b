import { SCHEDULE } from '../limits.js';
import type { PieceMap } from '../pieces/piece-map.js';
import type { FileSource } from '../request/file-source.js';
import type { Sharer } from './hand-out.js';

/** A connection that is so much slower than the best works where it delays nobody. */
const SLOW_SHARE = 0.5;
/** By so much sooner must what is late come from somebody else. */
const GAIN_MS = 150;

/** What is read of a request that works on pieces of the file. */
export interface FrontRun extends Sharer {
  readonly mode: string;
  readonly from: FileSource;
  readonly leftOfPieceBytes: number;
}

/** A request that will be late with what it has not begun: what it is to keep ends with `last`. */
export interface Late<Run extends FrontRun> {
  readonly run: Run;
  readonly last: number;
}

export interface FrontContext {
  readonly sources: readonly FileSource[];
  readonly map: Pick<PieceMap, 'frontIndex' | 'pieceBytes' | 'firstFreeFrom'>;
  readonly wishBytes: number;
  readonly nowMs: number;
}

/**
 * A file is hashed in order, while it arrives: what is missing at its front when all the rest is here has to be waited for, and then everything behind it is still to be hashed.
 * So connections that are slow beside the others look for work as far behind the front as it moves on while they bring a piece. Returns the piece from which on a source looks.
 */
export function firstFor(from: FileSource, { sources, map }: Pick<FrontContext, 'sources' | 'map'>): number {
  const { laneRate } = from.state;
  if (laneRate === undefined || laneRate <= 0 || laneRate >= bestLaneRate(sources) * SLOW_SHARE) return 0;
  return map.frontIndex + Math.floor(rateOfAll(sources) / laneRate);
}

/**
 * The request that is to let go of what this source would bring sooner: of those that reach a piece later than the front does, by more than a usual
 * request lasts, the first in the file. Such are requests from before anything was known, and those of slow connections.
 */
export function findLate<Run extends FrontRun>(
  runs: readonly Run[],
  from: FileSource,
  context: FrontContext,
): Late<Run> | undefined {
  const { map, wishBytes, nowMs, sources } = context;
  const { laneRate: ours, startMs } = from.state;
  const total = rateOfAll(sources);
  if (ours === undefined || ours <= 0 || total <= 0) return undefined;
  const { frontIndex, pieceBytes } = map;
  const usualMs = wishBytes / ours;
  const oursMs = startMs + pieceBytes / ours;
  let first = map.firstFreeFrom(0) ?? Infinity;
  let late: Late<Run> | undefined;
  for (const run of runs) {
    const { state } = run.from;
    const { index, last, leftOfPieceBytes } = run;
    const theirs = state.laneRate;
    if (run.mode !== 'range' || last <= index || index + 1 >= first) continue;
    if (theirs === undefined || theirs <= 0 || !state.takesMore || state.refusals.isCounting(nowMs)) continue;
    // Where answers are far, requests are long.
    const allowedMs = Math.max(usualMs, (state.health.leastRoundTripMs ?? 0) * SCHEDULE.roundTripsPerRun);
    const landsMs = (piece: number): number => (leftOfPieceBytes + (piece - index) * pieceBytes) / theirs;
    const neededMs = (piece: number): number => ((piece - frontIndex) * pieceBytes) / total + allowedMs;
    let kept = index;
    while (kept < last && landsMs(kept + 1) <= neededMs(kept + 1)) kept += 1;
    if (kept === last || kept + 1 >= first || landsMs(kept + 1) < oursMs + GAIN_MS) continue;
    first = kept + 1;
    late = { run, last: kept };
  }
  return late;
}

function bestLaneRate(sources: readonly FileSource[]): number {
  return sources.reduce((best, { state, banned }) => {
    const isUsed = banned === undefined && state.active > 0;
    return isUsed ? Math.max(best, state.laneRate ?? 0) : best;
  }, 0);
}

/** Bytes per millisecond of all connections as they are now. */
function rateOfAll(sources: readonly FileSource[]): number {
  return sources.reduce((sum, { state }) => sum + (state.laneRate ?? 0) * state.active, 0);
}
