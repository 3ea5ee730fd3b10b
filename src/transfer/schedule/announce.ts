import type { SluiceEvent } from '../../base/index.js';
import type { Desk } from '../files/job.js';
import type { CutFound } from './cuts.js';
import type { Flight } from './flight.js';
import type { HealthChange } from './health.js';
import type { LevelChange } from './level.js';
import { scoreOf } from './score.js';
import type { SourceState } from './source-state.js';
import type { TakeBack } from './take-back.js';

/** Bytes per millisecond, as events tell them. */
const perSecond = (rate: number): number => Math.round(rate * 1000);
/** What will never be done is told as a number all the same. */
const LONGEST_MS = 1e9;

const rounded = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms));

/** The decisions of the scheduler as events, with the numbers that they were made by. */
export function levelChanged(state: SourceState, change: LevelChange): SluiceEvent {
  const { from, to, reason, goodputBefore, goodputAfter } = change;
  return {
    type: 'scheduler.connections',
    source: state.id,
    from,
    to,
    reason,
    goodputBefore: perSecond(goodputBefore),
    goodputAfter: perSecond(goodputAfter),
  };
}

export function takenBack<D extends Desk>(
  { job, from, work }: Flight<D>,
  reason: 'silent' | 'sooner-elsewhere',
  numbers: { readonly silentMs: number; readonly to?: string; readonly leftMs?: number; readonly thenMs?: number },
): SluiceEvent {
  const { silentMs, to = null, leftMs, thenMs } = numbers;
  return {
    type: 'scheduler.taken-back',
    source: from.source.id,
    file: job.task.path,
    index: work.index,
    reason,
    to,
    silentMs: Math.round(silentMs),
    leftMs: leftMs === undefined ? null : Math.round(Math.min(leftMs, LONGEST_MS)),
    thenMs: thenMs === undefined ? null : Math.round(thenMs),
  };
}

export function redialled<D extends Desk>({ flight, rate, siblingRate }: TakeBack<D>): SluiceEvent {
  const { state, source } = flight.from;
  return {
    type: 'scheduler.redialled',
    source: source.id,
    file: flight.job.task.path,
    index: flight.work.index,
    bytesPerSecond: perSecond(rate),
    siblingBytesPerSecond: perSecond(siblingRate),
    tried: state.redials.tried,
    helped: state.redials.helped,
  };
}

export function smallRequests(state: SourceState, { reason, afterBytes, afterMs, cuts }: CutFound): SluiceEvent {
  const requestBytes = state.cuts.requestBytes(state.laneRate);
  const numbers = { afterBytes: Math.round(afterBytes), afterMs: Math.round(afterMs) };
  return { type: 'source.small-requests', source: state.id, reason, ...numbers, cuts, requestBytes };
}

/** `best`: of the other sources, if there is one. */
export function healthChanged(state: SourceState, change: HealthChange, best: SourceState | undefined): SluiceEvent {
  const numbers = {
    source: state.id,
    score: scoreOf(state),
    roundTripMs: Math.round(change.roundTripMs),
    earlierRoundTripMs: Math.round(change.earlierRoundTripMs),
    failedShare: Math.round(change.failedShare * 1000) / 1000,
    bytesPerSecond: perSecond(state.goodput ?? 0),
  };
  if (!change.isDegraded || change.reason === 'recovered') return { type: 'source.recovered', ...numbers };
  return {
    type: 'source.degraded',
    ...numbers,
    reason: change.reason,
    to: best?.id ?? null,
    toScore: best === undefined ? null : scoreOf(best),
    toRoundTripMs: rounded(best?.health.recentRoundTripMs),
    toBytesPerSecond: best === undefined ? null : perSecond(best.goodput ?? 0),
  };
}
