import type { XetCompression } from './pack.js';

/** The storage service that large files of Hugging Face repositories lie in. */
export interface XetOptions {
  /** Whether it answers version 2 of reconstructions; yes unless told. Without, clients fall back to version 1. */
  readonly v2?: boolean;
  /** Of access tokens; 15 minutes unless told. */
  readonly tokenLifeMs?: number;
  /** Of URLs of xorbs; an hour unless told. */
  readonly urlLifeMs?: number;
  /** Whether its files come no other way: `resolve` only tells of them. No unless told. */
  readonly isOnlyWay?: boolean;
  /** `auto` unless told. */
  readonly compression?: XetCompression;
  /** Content in one xorb at most; 64 MiB unless told. */
  readonly maxXorbBytes?: number;
  /** Ranges of a xorb behind one URL at most, in version 2; 500 unless told. */
  readonly rangesPerUrl?: number;
  /** Whether a URL is good for exactly the ranges it was signed for, all or one of them; yes unless told. */
  readonly exactRanges?: boolean;
  /** Where xorbs are kept for the next run, as `<hash>.<compression>`; a temporary folder unless told. */
  readonly folder?: string;
  /** URLs of xorbs lead to this address instead of the second host: a faster server that knows `/xorbs/default/<hash>`. */
  readonly xorbsAt?: string;
}
