import type { CauseCode, Evidence } from '../report.js';

/** Something wrong, with what it does to the job: a delay, a passage that is too narrow, or neither. */
export interface Suspicion {
  readonly cause: CauseCode;
  readonly about: string;
  readonly evidence: Evidence;
  readonly delay?: { readonly ms: number; readonly usualMs: number };
  /** What this one lets pass. */
  readonly passage?: { readonly bytesPerSecond: number; readonly mendedBytesPerSecond: number };
  readonly command?: string;
}
