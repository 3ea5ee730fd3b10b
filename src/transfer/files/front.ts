import type { PieceMap } from '../pieces/piece-map.js';
import type { FileSource } from '../request/file-source.js';

/** A connection that is so much slower than the best works where it delays nobody. */
const SLOW_SHARE = 0.5;
/** What the front of the file waits for may take this long before somebody faster takes it over. */
const LATE_MS = 150;

/** What is read of a request that works at the front. */
export interface FrontRun {
  readonly mode: string;
  readonly from: FileSource;
  /** The piece it is at, and the last one that is its. */
  readonly index: number;
  readonly last: number;
}

type FrontMap = Pick<PieceMap, 'frontIndex' | 'pieceBytes'>;

/**
 * A file is hashed in order, while it arrives: what is missing at its front when all the rest is here has to be waited for, and then everything behind it is still to be hashed.
 * So connections that are slow beside the others look for work as far behind the front as it moves on while they bring a piece. Returns the piece from which on a source looks.
 */
export function firstFor(from: FileSource, sources: readonly FileSource[], map: FrontMap): number {
  const { laneRate } = from.state;
  if (laneRate === undefined || laneRate <= 0 || laneRate >= bestLaneRate(sources) * SLOW_SHARE) return 0;
  const goodput = sources.reduce((sum, { state }) => sum + (state.active > 0 ? (state.goodput ?? 0) : 0), 0);
  return map.frontIndex + Math.floor(goodput / laneRate);
}

/** The request at the front of which this faster source is to take over what it has not begun. */
export function lateFront<Run extends FrontRun>(
  runs: readonly Run[],
  from: FileSource,
  { frontIndex, pieceBytes }: FrontMap,
): Run | undefined {
  const front = runs.find(({ mode, index }) => mode === 'range' && index === frontIndex);
  const theirs = front?.from.state.laneRate;
  const ours = from.state.laneRate;
  if (front === undefined || theirs === undefined || ours === undefined) return undefined;
  const spareBytes = (front.last - front.index) * pieceBytes;
  const isLate = spareBytes > 0 && theirs > 0 && spareBytes / theirs > LATE_MS;
  return isLate && theirs < ours * SLOW_SHARE ? front : undefined;
}

function bestLaneRate(sources: readonly FileSource[]): number {
  return sources.reduce((best, { state, banned }) => {
    const isUsed = banned === undefined && state.active > 0;
    return isUsed ? Math.max(best, state.laneRate ?? 0) : best;
  }, 0);
}
