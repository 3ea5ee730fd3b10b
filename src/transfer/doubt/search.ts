/** A landed piece as the search sees it. */
export interface Sought {
  readonly index: number;
  /** How much speaks against who brought it. */
  readonly rank: number;
}

/**
 * Pieces that follow one another, `most` of them, out of those that a source may be asked to compare: from the source that is suspected most, and of its
 * stretches any.
 */
export function nextStretch(
  pieces: Iterable<Sought>,
  most: number,
  random: () => number,
): { readonly first: number; readonly last: number } | undefined {
  let rank = -Infinity;
  let indexes = new Set<number>();
  for (const piece of pieces) {
    if (piece.rank < rank) continue;
    if (piece.rank > rank) indexes = new Set();
    rank = piece.rank;
    indexes.add(piece.index);
  }
  const starts = [...indexes].filter((index) => !indexes.has(index - 1));
  const first = starts[Math.floor(random() * starts.length)];
  if (first === undefined) return undefined;
  let last = first;
  while (last + 1 - first < most && indexes.has(last + 1)) last += 1;
  return { first, last };
}
