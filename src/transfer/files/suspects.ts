import type { LandedPiece } from '../journal/journal.js';
import type { FileSource } from '../request/file-source.js';

/**
 * In which order sources are believed alone, when comparing did not lead to the right file: those that were set aside first, for whoever outvoted them
 * was wrong; then those that gave most.
 */
export function believable(
  sources: readonly FileSource[],
  aside: readonly FileSource[],
  landed: Iterable<LandedPiece>,
): FileSource[] {
  const tally = new Map<string, number>();
  for (const { source } of landed) tally.set(source, (tally.get(source) ?? 0) + 1);
  const rank = (from: FileSource): number => (aside.includes(from) ? Infinity : (tally.get(from.source.id) ?? 0));
  const inOrder = [...aside, ...sources.filter((from) => !aside.includes(from))];
  return inOrder.filter(({ banned }) => banned === undefined).sort((left, right) => rankOrder(rank(left), rank(right)));
}

/** Larger first; equal ones stay as they are, endless ones too. */
function rankOrder(left: number, right: number): number {
  return left === right ? 0 : right - left;
}
