import { MAX_PIECE_BYTES, MIN_PIECE_BYTES, MOST_PIECES, PIECES_PER_FILE, USUAL_PIECE_BYTES } from '../limits.js';

/** Piece size for a file: a power of two from 1 MiB on, 8 MiB for most large files, up to 64 MiB beyond 128 GiB. */
export function pieceBytesFor(sizeBytes: number): number {
  let pieceBytes = MIN_PIECE_BYTES;
  while (pieceBytes < USUAL_PIECE_BYTES && pieceBytes * PIECES_PER_FILE < sizeBytes) pieceBytes *= 2;
  while (pieceBytes < MAX_PIECE_BYTES && pieceBytes * MOST_PIECES < sizeBytes) pieceBytes *= 2;
  return pieceBytes;
}

/** The same for a file that is fetched as it is asked for, where small pieces mean that little is fetched in vain and is there soon: 1 MiB up to 16 GiB, 4 MiB for 50 GB. */
export function demandedPieceBytesFor(sizeBytes: number): number {
  let pieceBytes = MIN_PIECE_BYTES;
  while (pieceBytes < MAX_PIECE_BYTES && pieceBytes * MOST_PIECES < sizeBytes) pieceBytes *= 2;
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
