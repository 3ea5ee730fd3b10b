import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { WrittenSum } from '../../hubs/index.js';
import { crc32, crcHex } from '../../proof/index.js';
import { PieceSums } from './piece-sums.js';

const PIECE_BYTES = 64;

/** Of parts that begin at these bytes; none across the end of a piece. */
function sumsOf(bytes: Uint8Array, cuts: readonly number[]): WrittenSum[] {
  const pieceEnds = Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, index) => index * PIECE_BYTES);
  const starts = [...new Set([...cuts.filter((cut) => cut < bytes.length), ...pieceEnds])].sort((a, b) => a - b);
  return starts.map((startByte, index) => {
    const part = bytes.subarray(startByte, starts[index + 1]);
    return { startByte, lengthBytes: part.length, crc32: crc32(part) };
  });
}

const contents = fc.uint8Array({ minLength: 1, maxLength: 4 * PIECE_BYTES });
const cutsOf = fc.array(fc.nat({ max: 4 * PIECE_BYTES - 1 }), { maxLength: 20 });

it('gives the digest of each piece, however its parts were cut and in whatever order they came', () => {
  fc.assert(
    fc.property(contents, cutsOf, fc.array(fc.nat(), { minLength: 30, maxLength: 30 }), (bytes, cuts, keys) => {
      const pieces = new PieceSums(PIECE_BYTES);
      const shuffled = sumsOf(bytes, cuts)
        .map((sum, index) => ({ sum, key: keys[index] ?? 0 }))
        .sort((a, b) => a.key - b.key);
      for (const { sum } of shuffled) pieces.add([sum]);
      for (let index = 0; index * PIECE_BYTES < bytes.length; index += 1) {
        const piece = bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES);
        expect(pieces.take(index, index * PIECE_BYTES + piece.length)).toBe(crcHex(crc32(piece)));
      }
    }),
    { numRuns: 200 },
  );
});

it('gives none where a part is missing, displaced, comes twice or belongs to what comes later', () => {
  const bytes = Uint8Array.from({ length: PIECE_BYTES }, (_, index) => index);
  const all = sumsOf(bytes, [10, 30]);
  const taken = (sums: readonly WrittenSum[]): string | undefined => {
    const pieces = new PieceSums(PIECE_BYTES);
    pieces.add(sums);
    return pieces.take(0, PIECE_BYTES);
  };
  expect(taken(all)).toBe(crcHex(crc32(bytes)));
  for (const missing of all) expect(taken(all.filter((sum) => sum !== missing))).toBeUndefined();
  for (const twice of all) expect(taken([...all, twice])).toBeUndefined();
  // All lengths together are those of the piece, and the order is right as well: only where they begin is not.
  for (const displaced of all) {
    const moved = { ...displaced, startByte: displaced.startByte + 1 };
    expect(taken(all.map((sum) => (sum === displaced ? moved : sum)))).toBeUndefined();
  }
  expect(taken([])).toBeUndefined();
});
