/** A span that a module wants, told to whoever has the bytes; the thread of the module waits meanwhile. */
export interface ReadOrder {
  readonly type: 'read';
  readonly offset: number;
  readonly length: number;
}

export type FromModule =
  ReadOrder | { readonly type: 'result'; readonly json: string } | { readonly type: 'fault'; readonly reason: string };

/** What a module's thread is given. */
export interface ModuleJob {
  readonly module: Uint8Array;
  /** JSON. */
  readonly input: string;
  readonly sizeBytes: number;
  /** Two numbers: whether bytes are there (1), or cannot be had (2), and how many. */
  readonly state: SharedArrayBuffer;
  /** The bytes themselves. */
  readonly window: SharedArrayBuffer;
}

export const WINDOW_BYTES = 1024 * 1024;
export const MOST_RESULT_BYTES = 1024 * 1024;
