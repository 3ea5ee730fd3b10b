import type { Change } from './port.js';

/** A change as a remedy wants it, before it is known what is there. */
export interface WantedChange {
  readonly kind: Change['kind'];
  /** As it is called inside of the root. */
  readonly path: string;
  /** The bytes as they should be. @throws SluiceError FILE_UNFIT */
  readonly edit: (before: Buffer | undefined, path: string) => Buffer;
  /** Permission bits of a new file; 0644 unless it may hold secrets. */
  readonly mode?: number;
}
