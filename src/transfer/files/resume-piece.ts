import type { Environment } from '../environment.js';
import type { PiecePart } from '../journal/journal.js';
import type { HeldFile } from './held-file.js';
import { beginPiece, type PieceProgress } from './piece-progress.js';

/** The beginning of a piece as the journal claims it, hashed again so that the rest can follow; undefined when the bytes are others. */
export async function resumePiece(
  held: HeldFile,
  part: PiecePart,
  { blocks, now }: Pick<Environment, 'blocks' | 'now'>,
): Promise<PieceProgress | undefined> {
  const progress = beginPiece(part.index, now());
  const start = held.map.startOf(part.index);
  const block = blocks.lend();
  try {
    while (progress.filledBytes < part.bytes) {
      const wanted = Math.min(block.length, part.bytes - progress.filledBytes);
      const { bytesRead } = await held.handle.read(block, 0, wanted, start + progress.filledBytes);
      if (bytesRead === 0) return undefined;
      progress.hash.update(block.subarray(0, bytesRead));
      progress.filledBytes += bytesRead;
    }
  } finally {
    blocks.giveBack(block);
  }
  if (progress.hash.copy().digest('hex') !== part.sha256) return undefined;
  progress.sources.push(part.source);
  progress.retries = 1;
  progress.reason = 'resumed';
  return progress;
}
