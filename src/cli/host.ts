import type { Environment } from '../base/index.js';

/** A stream for text; `columns` and `rows` are those of a terminal and may change. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

/** All that a run of the program touches of its process, so that tests can give another. */
export interface Host {
  readonly env: Environment;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: AsyncIterable<Buffer | string>;
  /** Fires at the first SIGINT or SIGTERM, and when nobody reads standard output any more. */
  readonly signal: AbortSignal;
  readonly now: () => number;
  /**
   * From now on this run is a service: it ends by itself after the first interruption, however long that takes (a second one ends the process),
   * and SIGHUP calls the listener.
   */
  readonly beService: (onHangup: () => void) => void;
}
