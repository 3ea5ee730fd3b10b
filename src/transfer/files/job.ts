import type { SluiceError } from '../../base/index.js';
import type { TransferResult, TransferTask } from '../port.js';
import type { FileSource } from '../request/file-source.js';

/** One request's worth of work, already taken for a source. */
export interface Work {
  /** First piece, for events. */
  readonly index: number;
  /** @throws SluiceError why it failed; whatever did not land is free again */
  run(): Promise<void>;
  abort(): void;
}

/** How much one request should bring, where there is that much to do. */
export interface RunWish {
  readonly bytes: number;
  /** That share the work. */
  readonly connections: number;
}

/** A file on its way, as the scheduler sees it. */
export interface Job {
  readonly task: TransferTask;
  readonly sources: readonly FileSource[];
  /** Whether it counts as one of the large files in flight. */
  readonly isLarge: boolean;
  /** Opens what it needs. Then `take` gives work until `done` settles. */
  start(): void;
  /** Never rejects. */
  readonly done: Promise<TransferResult>;
  /** Set while there are bytes to ask for (or being asked for). */
  readonly isFetching: boolean;
  /** Monotonic time of the last byte that brought it further. */
  progressAtMs: number;
  lastError: SluiceError | undefined;
  readonly doneBytes: number;
  /** Takes work for a source; undefined when there is none (for it). */
  take(from: FileSource, wish: RunWish): Work | undefined;
  /** Takes part of what a slow connection still has to do. */
  takeOver(from: FileSource): Work | undefined;
  /** Ends the file with this error; what arrived is kept. */
  fail(error: SluiceError): void;
}
