import type { SluiceError } from '../../base/index.js';
import type { TransferResult, TransferTask } from '../port.js';
import type { FileSource } from '../request/file-source.js';

/** What the scheduler sees of a request; it grows and shrinks as bytes come. Times are monotonic milliseconds. */
export interface RequestView {
  /** The piece that it is at. */
  readonly index: number;
  readonly receivedBytes: number;
  /** When it was on the wire, where that is known apart from when it was decided. */
  readonly askedMs?: number | undefined;
  readonly firstByteMs: number | undefined;
  readonly lastByteMs: number | undefined;
  /** Since its first byte it was not read from for so long, on our side. */
  readonly heldMs?: number | undefined;
  /** What it still has to bring. */
  readonly leftBytes: number;
  /** Of that, what it has not begun and `split` may give to another. */
  readonly spareBytes: number;
  /** What lies behind its piece in a file that is hashed in order, and has to wait for it. */
  readonly behindBytes?: number | undefined;
  /** When it may be taken back without losing what it brought: a `rigid` one never, a `whole` one only when it is silent. */
  readonly keeps: 'loose' | 'whole' | 'rigid';
  /** It ends soon by itself, and what is on its wire when it is cut comes twice: only one that is silent, or very late, is taken back. */
  readonly isShort?: boolean;
  /** Somebody who reads the file waits for the piece that it is at: what it has on its wire counts less than that. */
  readonly isAwaited?: boolean;
}

/** One request's worth of work, already taken for a source. */
export interface Work extends RequestView {
  /** @throws SluiceError why it failed; whatever did not land is free again */
  run(): Promise<void>;
  /** Ends it; `run` throws INTERRUPTED then. What it brought is kept where that is possible. `reason` is for the piece's record. */
  abort(reason?: string): void;
}

/** What gives out work, as the scheduler sees it: a file on its way. */
export interface Desk {
  /** Unique among the files of a transfer. */
  readonly task: Pick<TransferTask, 'path'>;
  readonly sources: readonly FileSource[];
  /** Set while there are bytes to ask for (or being asked for). */
  readonly isFetching: boolean;
  /** What no request has been made for yet. */
  readonly freeBytes: number;
  /** Takes about so many bytes of work for a source, the first that are missing; undefined when there are none (for it). */
  take(from: FileSource, wishBytes: number, nowMs: number): Work | undefined;
  /** Takes about so many of the last bytes that another request of this file has not begun. */
  split(victim: Work, from: FileSource, wishBytes: number): Work | undefined;
  /** The pieces that this request is at and has before it are not given to its own source for a while. */
  shun(victim: Work, untilMs: number): void;
}

/** A file that bytes come of. */
export interface Underway {
  readonly task: TransferTask;
  readonly doneBytes: number;
}

/** A file on its way, or many small ones. */
export interface Job extends Desk {
  readonly task: TransferTask;
  /** Groups of sources that may still join it. */
  awaitedSources: number;
  /** Whether it counts as one of the large files in flight. */
  readonly isLarge: boolean;
  /** Opens what it needs. Then `take` gives work until `done` settles. */
  start(): void;
  /** Never rejects. */
  readonly done: Promise<TransferResult>;
  /** Monotonic time of the last byte that brought it further. */
  progressAtMs: number;
  lastError: SluiceError | undefined;
  readonly doneBytes: number;
  /** Of many files, those that bytes come of. */
  readonly underway?: readonly Underway[];
  /** Begins anew, as the content changed on its source; false when it cannot or has done so too often. */
  restart?(): Promise<boolean>;
  /** Ends the file with this error; what arrived is kept. */
  fail(error: SluiceError): void;
}
