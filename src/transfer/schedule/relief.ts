import type { Desk } from '../files/job.js';
import type { Schedule } from '../limits.js';
import type { FileSource } from '../request/file-source.js';
import type { Flight } from './flight.js';

/** Whom an idle connection relieves: `bytes` of what it has not begun, or all that it has (it ends, and goes on from where it was). */
export interface Relief<D extends Desk> {
  readonly flight: Flight<D>;
  readonly splitBytes: number | undefined;
  /** When it would end, and will. */
  readonly leftMs: number;
  readonly thenMs: number;
}

export interface ReliefContext<D extends Desk> {
  readonly schedule: Schedule;
  readonly nowMs: number;
  /** How often the piece that it is at was handed over already. */
  handedOver(flight: Flight<D>): number;
}

/** The request that would end last, if a connection of `from` makes it end sooner. Nothing where no gain is to be had. */
export function findRelief<D extends Desk>(
  flights: readonly Flight<D>[],
  from: FileSource,
  context: ReliefContext<D>,
): Relief<D> | undefined {
  const { schedule, nowMs } = context;
  const { state } = from;
  if (state.silences > 0) return undefined;
  const tripMs = state.health.roundTripMs ?? 0;
  const isCounting = state.refusals.isCounting(nowMs);
  const leastMs = isCounting ? schedule.reliefGainCountedMs : schedule.reliefGainMs;
  const least = Math.max(leastMs, schedule.reliefGainRoundTrips * tripMs);
  let best: Relief<D> | undefined;
  for (const flight of flights) {
    if (flight.isLeaving || flight.work.keeps !== 'loose') continue;
    const relief = reliefOf(flight, from, state.startMs, nowMs, schedule.redialShare);
    if (relief === undefined || (flight.work.isShort === true && relief.leftMs < schedule.veryLateMs)) continue;
    // Each time it must be worth more: estimates that contradict each other would pass it on for ever.
    const isPassedOn = relief.splitBytes === undefined && flight.from.state.silences === 0;
    // That one connection is bad was measured, and another of the same source may be again.
    const factor = flight.from.state === state ? 2 : 4;
    const needed = isPassedOn ? least * factor ** context.handedOver(flight) : least;
    if (relief.leftMs - relief.thenMs < needed) continue;
    if (best === undefined || relief.leftMs > best.leftMs) best = relief;
  }
  return best;
}

function reliefOf<D extends Desk>(
  flight: Flight<D>,
  from: FileSource,
  startMs: number,
  nowMs: number,
  sameSourceShare: number,
): Relief<D> | undefined {
  const { work } = flight;
  const theirs = flight.from.state;
  const victimTripMs = theirs.health.roundTripMs ?? startMs;
  const usual = from.state.laneRate ?? theirs.laneRate;
  if (usual === undefined || usual <= 0) return undefined;
  // Of a source whose other connections have ended, those that ended say more than the one that is left.
  const ours = theirs === from.state ? from.state.siblingRate(usual, theirs.active) : usual;
  const rate = flight.rate ?? theirs.laneRate ?? ours;
  const silentMs = Math.max(0, flight.silentMs(nowMs) - victimTripMs);
  // A rate that was good before it fell silent is none.
  const leftMs = flight.leftMs(rate, victimTripMs) + (silentMs > 100 ? silentMs : 0);
  if (work.spareBytes > 0) {
    // Both end at the same time.
    const moved = Math.min(work.spareBytes, ((leftMs - startMs) * rate * ours) / (rate + ours));
    if (moved > 0) {
      const thenMs = Math.max((work.leftBytes - moved) / Math.max(rate, 1e-9), startMs + moved / ours);
      return { flight, splitBytes: moved, leftMs, thenMs };
    }
  }
  // The same source brings it sooner only if this one connection is far worse than what it usually gives.
  if (theirs === from.state && !(flight.rate !== undefined && flight.rate < ours * sameSourceShare)) return undefined;
  const thenMs = startMs + (from.state.health.roundTripMs ?? 0) + work.leftBytes / ours;
  return thenMs * 1.5 > leftMs ? undefined : { flight, splitBytes: undefined, leftMs, thenMs };
}
