import type { ByteSource } from '../port.js';

/** Bytes to scan, and how to let go of them. */
export interface Opened {
  readonly bytes: ByteSource;
  readonly close: () => Promise<void>;
}
