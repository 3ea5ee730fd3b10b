import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { PieceHashes } from './piece-list.js';

const READ_BYTES = 2 ** 20;

/**
 * SHA-256 of a file and of each of its pieces, in one reading. Holds 1 MiB. `pieceBytes` is a multiple of that.
 * @throws the system's error when it cannot be read; the signal's reason when it fires
 */
export async function hashPieces(
  path: string,
  pieceBytes: number,
  signal?: AbortSignal,
): Promise<{ readonly sha256: string; readonly sizeBytes: number; readonly pieces: PieceHashes }> {
  const file = await open(path, 'r');
  try {
    const whole = createHash('sha256');
    const pieces: string[] = [];
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let piece = createHash('sha256');
    let sizeBytes = 0;
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, Math.min(READ_BYTES, pieceBytes - (sizeBytes % pieceBytes)));
      const bytes = buffer.subarray(0, bytesRead);
      if (bytesRead === 0) break;
      whole.update(bytes);
      piece.update(bytes);
      sizeBytes += bytesRead;
      if (sizeBytes % pieceBytes !== 0) continue;
      pieces.push(piece.digest('hex'));
      piece = createHash('sha256');
    }
    if (sizeBytes % pieceBytes !== 0) pieces.push(piece.digest('hex'));
    return { sha256: whole.digest('hex'), sizeBytes, pieces: { pieceBytes, sha256: pieces } };
  } finally {
    await file.close();
  }
}
