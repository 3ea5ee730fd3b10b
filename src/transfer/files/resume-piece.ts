import { pieceAlgorithmOf } from '../../proof/index.js';
import type { Environment } from '../environment.js';
import type { PiecePart } from '../journal/journal.js';
import type { HeldFile } from './held-file.js';
import { beginPiece, type PieceProgress } from './piece-progress.js';

/** The beginning of a piece as the journal claims it, so that the rest can follow; undefined when the bytes are others. */
async function resumePiece(
  held: HeldFile,
  part: PiecePart,
  { followers, now }: Pick<Environment, 'followers' | 'now'>,
): Promise<PieceProgress | undefined> {
  const startByte = held.map.startOf(part.index);
  const [digest] = await followers.hashRanges(held.partial.dataPath, [
    { startByte, endByte: startByte + part.bytes, algorithm: pieceAlgorithmOf(part.digest) },
  ]);
  if (digest !== part.digest) return undefined;
  const progress = beginPiece(part.index, now());
  return Object.assign(progress, {
    filledBytes: part.bytes,
    digest,
    sources: [part.source],
    retries: 1,
    reason: 'resumed',
  });
}

/** Goes on with pieces that an earlier run began, where their bytes are still there. */
export async function* resumePieces(
  held: HeldFile,
  parts: Iterable<PiecePart>,
  environment: Environment,
): AsyncGenerator<PieceProgress> {
  for (const part of parts) {
    const progress = held.map.isFree(part.index) ? await resumePiece(held, part, environment) : undefined;
    if (progress !== undefined) yield progress;
  }
}
