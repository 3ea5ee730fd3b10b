import type { HealthChange } from './health.js';
import type { SourceState } from './source-state.js';

/**
 * How well a source does, from 0 to 100: its round trip, where others are nearer, and its share of failed requests each take up to half of it, as much as
 * that at their thresholds. Silent ones have 0.
 */
export function scoreOf({ health, silences, banned }: SourceState): number {
  if (banned !== undefined || silences > 0) return 0;
  return Math.round(100 * (1 - health.burden / 2));
}

/** Whom traffic moves to from `state`: of those that may be asked, the best score; among equals who delivers most. */
export function bestOther(state: SourceState, states: Iterable<SourceState>): SourceState | undefined {
  const others = othersOf(state, states);
  others.sort((left, right) => scoreOf(right) - scoreOf(left) || (right.goodput ?? 0) - (left.goodput ?? 0));
  return others[0];
}

/** The least round trip of those that may be asked instead of `state`, in milliseconds; infinite where nobody may or none is known. */
export function othersRoundTripMs(state: SourceState, states: Iterable<SourceState>): number {
  return Math.min(...othersOf(state, states).map(({ health }) => health.recentRoundTripMs ?? Infinity));
}

/** A distant source that brings so many times what the best of the others does keeps its connections. */
const FAR_FASTER = 2;

/**
 * Whether connections are to go from `state`, which is in a bad way, to `best`. Not where it always was distant: how many it needs for that was measured,
 * or is being measured while slow start hides what it can do.
 */
export function isOutdone({ goodput = 0, health }: SourceState, change: HealthChange, best: SourceState): boolean {
  if (change.reason === 'silent' || (change.reason === 'round-trip' && health.wasDistant)) return false;
  return goodput <= FAR_FASTER * (best.goodput ?? 0);
}

function othersOf(state: SourceState, states: Iterable<SourceState>): SourceState[] {
  return [...states].filter((other) => other !== state && other.banned === undefined && !other.health.isDegraded);
}
