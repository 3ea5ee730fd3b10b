import { MAX_PIECE_BYTES, MIN_PIECE_BYTES, PIECES_PER_FILE } from '../limits.js';

/** Piece size for a file: the power of two that cuts it into about 128 pieces, within 1–64 MiB. */
export function pieceBytesFor(sizeBytes: number): number {
  let pieceBytes = MIN_PIECE_BYTES;
  while (pieceBytes < MAX_PIECE_BYTES && pieceBytes * PIECES_PER_FILE < sizeBytes) pieceBytes *= 2;
  return pieceBytes;
}

/** Whether a number read from a file can be a piece size. */
export function isPieceBytes(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    value >= MIN_PIECE_BYTES &&
    value <= MAX_PIECE_BYTES &&
    Number.isInteger(Math.log2(value))
  );
}
