import type { LandedPiece } from '../journal/journal.js';

/** A piece of which a part stands in the partial: the next request goes on where the last one ended. */
export interface PieceProgress {
  readonly index: number;
  filledBytes: number;
  /** CRC-32 or SHA-256 of these bytes, as far as a request left them. */
  digest: string | undefined;
  /** Who gave its bytes, in order; nearly always one. */
  readonly sources: string[];
  readonly startedMs: number;
  retries: number;
  reason: string | undefined;
}

export function beginPiece(index: number, nowMs: number): PieceProgress {
  return { index, filledBytes: 0, digest: undefined, sources: [], startedMs: nowMs, retries: 0, reason: undefined };
}

/** The piece as it landed, with this digest. */
export function landedPiece(progress: PieceProgress, digest: string, nowMs: number): LandedPiece {
  const { index, sources, startedMs, retries, reason } = progress;
  return {
    index,
    digest,
    source: sources.join('+'),
    atMs: Date.now(),
    ms: Math.round(nowMs - startedMs),
    retries,
    ...(reason === undefined ? {} : { reason }),
  };
}
