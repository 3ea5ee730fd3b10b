import type { SourceState } from './source-state.js';

/**
 * How well a source does, from 0 to 100: what its round trip is above the one before and its share of failed requests each take up to half of it, as
 * much as that at their thresholds. Silent ones have 0.
 */
export function scoreOf({ health, silences, banned }: SourceState): number {
  if (banned !== undefined || silences > 0) return 0;
  return Math.round(100 * (1 - health.burden / 2));
}

/** Whom traffic moves to from `state`: of those that may be asked, the best score; among equals who delivers most. */
export function bestOther(state: SourceState, states: Iterable<SourceState>): SourceState | undefined {
  const others = [...states].filter(
    (other) => other !== state && other.banned === undefined && !other.health.isDegraded,
  );
  others.sort((left, right) => scoreOf(right) - scoreOf(left) || (right.goodput ?? 0) - (left.goodput ?? 0));
  return others[0];
}
