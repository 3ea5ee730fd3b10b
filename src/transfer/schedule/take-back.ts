import type { Desk, RequestView } from '../files/job.js';
import type { Schedule } from '../limits.js';
import type { Flight } from './flight.js';
import type { SourceState } from './source-state.js';

/** Why a request is to end: it is `silent`, or far slower than its siblings and dialled again (`slow-edge`). */
export interface TakeBack<D extends Desk> {
  readonly flight: Flight<D>;
  readonly reason: 'silent' | 'slow-edge';
  readonly silentMs: number;
  /** Its own, and what its siblings do. */
  readonly rate: number;
  readonly siblingRate: number;
}

export interface TakeBackContext {
  readonly schedule: Schedule;
  readonly nowMs: number;
  /** When the last byte of any other request than those came. */
  readonly lastByteMs: number;
  /** Connections wait for this machine. */
  readonly isBusyHere: boolean;
}

/** Requests that are to be taken back now. */
export function findTakeBacks<D extends Desk>(flights: readonly Flight<D>[], context: TakeBackContext): TakeBack<D>[] {
  const bySource = new Map<SourceState, Flight<D>[]>();
  for (const flight of flights) {
    const { state } = flight.from;
    bySource.set(state, [...(bySource.get(state) ?? []), flight]);
  }
  return [...bySource].flatMap(([state, own]) => [
    ...own.flatMap((flight) => silentOf(flight, context)),
    ...(context.isBusyHere ? [] : slowEdgesOf(state, own, context)),
  ]);
}

function silentOf<D extends Desk>(flight: Flight<D>, context: TakeBackContext): TakeBack<D>[] {
  const { schedule, nowMs } = context;
  const { work, from } = flight;
  if (flight.isLeaving || work.keeps === 'rigid') return [];
  const silentMs = flight.silentMs(nowMs);
  const trips = schedule.silentRoundTrips * (from.state.health.roundTripMs ?? schedule.silentMs / 2);
  // Whoever was silent before and is merely slow to answer gets more time with each try.
  const patience = 2 ** Math.min(from.state.silences, 4);
  const allowedMs = Math.max(schedule.silentMs, trips) * patience;
  if (silentMs < allowedMs) return [];
  // Others went on well after this one had stopped: it is not the line that is silent.
  const isAlone = context.lastByteMs - (nowMs - silentMs) > allowedMs / 2;
  if (!isAlone && silentMs < Math.max(schedule.lonelySilentMs, trips) * patience) return [];
  return [{ flight, reason: 'silent', silentMs, rate: 0, siblingRate: from.state.laneRate ?? 0 }];
}

const LEAST_MEASURED_BYTES = 64 * 1024;

/** Young connections are still speeding up: they are judged only among those that had time. */
function slowEdgesOf<D extends Desk>(
  state: SourceState,
  flights: readonly Flight<D>[],
  context: TakeBackContext,
): TakeBack<D>[] {
  const { schedule, nowMs } = context;
  const tripMs = state.health.roundTripMs ?? 0;
  const leastAgeMs = Math.max(schedule.redialAfterMs, schedule.redialAfterRoundTrips * tripMs);
  const grown = flights.flatMap((flight) => {
    const { firstByteMs, keeps } = flight.work;
    const isGrown = firstByteMs !== undefined && nowMs - firstByteMs >= leastAgeMs;
    return isGrown && !flight.isLeaving && keeps === 'loose' && flight.rate !== undefined
      ? [{ flight, rate: flight.rate }]
      : [];
  });
  // What came at once and then stopped says nothing of how fast an edge is.
  const measured = grown.filter(({ flight }) => flight.work.receivedBytes >= LEAST_MEASURED_BYTES);
  const rates = measured.map(({ rate }) => rate).sort((left, right) => right - left);
  // Of many, one may be lucky for a moment.
  const seen = rates[rates.length < 16 ? 0 : 1];
  if (seen === undefined) return [];
  const siblingRate = state.siblingRate(seen, flights.length);
  for (const { flight, rate } of measured) {
    if (!flight.isRedial || rate < siblingRate / 2) continue;
    flight.isRedial = false;
    state.redials.noteHelp();
  }
  return grown
    .filter(
      ({ flight, rate }) =>
        rate < siblingRate * schedule.redialShare &&
        isWorthAnother(flight.work, rate, leastAgeMs, schedule) &&
        !flight.isSpeedingUp,
    )
    .sort((left, right) => left.rate - right.rate)
    .flatMap(({ flight, rate }) => {
      if (!state.redials.mayTry(nowMs, state.active)) return [];
      state.redials.note();
      return [{ flight, reason: 'slow-edge' as const, silentMs: flight.silentMs(nowMs), rate, siblingRate }];
    });
}

/** Whether what it still has to bring lasts so long that another connection pays. */
function isWorthAnother(work: RequestView, rate: number, leastMs: number, { veryLateMs }: Schedule): boolean {
  const { leftBytes, spareBytes, isShort, isAwaited } = work;
  if (isAwaited === true) return leftBytes - spareBytes > rate * leastMs;
  return leftBytes > rate * (isShort === true ? veryLateMs : leastMs);
}
