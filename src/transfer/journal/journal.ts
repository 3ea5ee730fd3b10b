import type { Digests } from '../../base/index.js';

/** 2: pieces are recognised by CRC-32 or by SHA-256; 1 knew SHA-256 only, and is still read. */
export const JOURNAL_VERSION = 2;

/** What the partial is a partial of, and under which kernel its bytes were written. */
export interface JournalHeader {
  readonly sizeBytes: number;
  readonly pieceBytes: number;
  readonly digests: Digests;
  readonly validators: { readonly etag?: string; readonly lastModified?: string };
  readonly bootId: string;
}

/** A piece that stands in the partial, whole. */
export interface LandedPiece {
  readonly index: number;
  /** CRC-32 or SHA-256, as `pieceAlgorithmOf` tells. */
  readonly digest: string;
  /** Source id, or `local` for bytes that were on this machine already. */
  readonly source: string;
  readonly atMs: number;
  readonly ms: number;
  readonly retries: number;
  readonly reason?: string;
}

/** The beginning of a piece, kept when a transfer ended in good order. */
export interface PiecePart {
  readonly index: number;
  readonly bytes: number;
  /** CRC-32 or SHA-256 of these bytes. */
  readonly digest: string;
  readonly source: string;
}

export interface JournalContent {
  readonly header: JournalHeader;
  readonly pieces: ReadonlyMap<number, LandedPiece>;
  readonly parts: ReadonlyMap<number, PiecePart>;
}
