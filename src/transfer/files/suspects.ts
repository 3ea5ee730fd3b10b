import type { LandedPiece } from '../journal/journal.js';
import { SUSPECTS_PER_ROUND } from '../limits.js';

/** Pieces to fetch once more, and from whom. */
export interface Round {
  readonly indexes: readonly number[];
  readonly source: string;
}

/**
 * The order in which pieces of a file with a wrong digest are doubted. First one source after the other is believed, the one that gave most first, and what
 * others gave is fetched from it, so that a liar is found as soon as somebody honest has the whole file. Then what each source gave itself is asked for again: a byte may have
 * flipped on the way. Rounds grow, so that one wrong piece is found soon and many do not mean as many proofs.
 */
export function* doubt(
  landed: ReadonlyMap<number, LandedPiece>,
  sources: readonly string[],
  startedAtMs: number,
): Generator<Round, void> {
  const tally = new Map<string, number>();
  for (const { source } of landed.values()) tally.set(source, (tally.get(source) ?? 0) + 1);
  const byShare = [...sources].sort((left, right) => (tally.get(right) ?? 0) - (tally.get(left) ?? 0));
  const asked = new Set<string>();
  for (const isOwnTurn of [false, true]) {
    for (const source of byShare) {
      const pieces = [...landed.values()]
        .filter((piece) => (piece.source === source) === isOwnTurn || isOwnTurn)
        .filter((piece) => !asked.has(`${source} ${piece.index}`))
        .sort((left, right) => suspicion(right, tally, startedAtMs) - suspicion(left, tally, startedAtMs));
      let size = SUSPECTS_PER_ROUND;
      for (let at = 0; at < pieces.length; size *= 2) {
        const indexes = pieces.slice(at, at + size).map((piece) => piece.index);
        at += size;
        for (const index of indexes) asked.add(`${source} ${index}`);
        yield { indexes, source };
      }
    }
  }
}

/** Pieces that were there before, that took several tries, or that came from whoever gave least, first. */
function suspicion(piece: LandedPiece, tally: ReadonlyMap<string, number>, startedAtMs: number): number {
  const isResumed = piece.atMs < startedAtMs;
  return (isResumed ? 4 : 0) + (piece.retries > 0 ? 2 : 0) + 1 / (tally.get(piece.source) ?? 1);
}
