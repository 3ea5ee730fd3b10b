import type { FileSource } from '../request/file-source.js';
import type { PieceRun } from './piece-run.js';

export interface TakeOver {
  readonly run: PieceRun;
  /** The later half of what it has not begun, or its current piece a second time. */
  readonly share: 'half' | 'hedge';
}

/** Whom an idle connection relieves: first whoever has pieces that it has not begun; then whoever crawls at one that we could bring sooner from its start. */
export function victimFor(
  runs: readonly PieceRun[],
  from: FileSource,
  nowMs: number,
  hedgeAfterMs: number,
): TakeOver | undefined {
  let longest: PieceRun | undefined;
  for (const run of runs)
    if (
      run.mode === 'range' &&
      run.last > run.index &&
      run.last - run.index > (longest ? longest.last - longest.index : 0)
    )
      longest = run;
  if (longest !== undefined) return { run: longest, share: 'half' };
  const slow = runs.filter((run) => isSlow(run, runs, from, nowMs, hedgeAfterMs));
  slow.sort((left, right) => leftMs(right, nowMs) - leftMs(left, nowMs));
  return slow[0] === undefined ? undefined : { run: slow[0], share: 'hedge' };
}

function isSlow(
  run: PieceRun,
  runs: readonly PieceRun[],
  from: FileSource,
  nowMs: number,
  hedgeAfterMs: number,
): boolean {
  if (run.mode !== 'range' || !run.hasCurrent || nowMs - run.startedMs < hedgeAfterMs) return false;
  if (runs.some((other) => other !== run && other.index === run.index)) return false;
  const isSilent = nowMs - run.lastByteMs > hedgeAfterMs;
  const perConnection = (from.state.goodput ?? 0) / Math.max(1, from.state.active);
  return isSilent || (perConnection > 0 && run.pieceBytes / perConnection < leftMs(run, nowMs) / 2);
}

/** When its piece will be there, judged by what it brought so far. */
function leftMs(run: PieceRun, nowMs: number): number {
  const rate = run.receivedBytes / Math.max(1, nowMs - run.startedMs);
  return rate === 0 ? Infinity : run.leftOfPieceBytes / rate;
}
