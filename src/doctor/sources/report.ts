import type { Failure } from '../facts.js';

/** Whether a source keeps to what a hub promises. Absent: not found out. */
export interface Honesty {
  /** Answers say which commit they are of, and it is the one that was asked for. */
  readonly pinsCommits?: boolean;
  readonly servesRanges?: boolean;
  /** The host that it sends its clients to for bytes; undefined where it serves them itself. */
  readonly sendsTo?: string;
  /** Another candidate whose host that is too: nothing is gained by asking both. */
  readonly sharesWith?: string;
  /** A range drawn at random is the same as at most of the others. */
  readonly rightBytes?: boolean;
}

export interface SourceReport {
  /** As people know it, e.g. `hf-mirror.com`. */
  readonly source: string;
  readonly ref: string;
  /** From a request to the head of its answer, redirects included; one for each time that it was asked, in their order. */
  readonly answerMs: readonly number[];
  readonly failures: readonly Failure[];
  readonly bytesPerSecond?: number;
  /** 0 to 1: answers that came, times how alike they were. */
  readonly stability: number;
  readonly honesty: Honesty;
  /** What it has to do with the ref: the same bytes, others, or nothing known. */
  readonly agrees?: boolean;
  /** What it is ranked by. */
  readonly score: number;
}

export interface SourcesReport {
  readonly subject?: string;
  /** The file that was asked for, and its size. */
  readonly file?: { readonly path: string; readonly sizeBytes: number };
  /** Best first. */
  readonly sources: readonly SourceReport[];
}
