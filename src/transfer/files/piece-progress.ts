import { createHash, type Hash } from 'node:crypto';

/** A piece of which a part stands in the partial: the next request goes on where the last one ended. */
export interface PieceProgress {
  readonly index: number;
  readonly hash: Hash;
  filledBytes: number;
  /** Who gave its bytes, in order; nearly always one. */
  readonly sources: string[];
  readonly startedMs: number;
  retries: number;
  reason: string | undefined;
}

export function beginPiece(index: number, nowMs: number): PieceProgress {
  return {
    index,
    hash: createHash('sha256'),
    filledBytes: 0,
    sources: [],
    startedMs: nowMs,
    retries: 0,
    reason: undefined,
  };
}
