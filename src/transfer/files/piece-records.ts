import type { PieceRecord } from '../port.js';
import type { HeldFile } from './held-file.js';

/** Where the pieces of a file came from, in its order. */
export function pieceRecords(held: HeldFile): PieceRecord[] {
  return [...held.landed.values()]
    .sort((left, right) => left.index - right.index)
    .map(({ index, source, atMs, ms, retries, reason }) => ({
      ...{ index, source, atMs, ms, retries, ...held.rangeOf(index) },
      ...(reason === undefined ? {} : { reason }),
    }));
}
