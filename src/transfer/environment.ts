import type { Followers } from '../proof/index.js';
import type { Store } from '../store/index.js';
import type { BlockPool } from './files/block-writer.js';
import type { TransferOptions } from './port.js';
import type { RequestEnvironment } from './request/fetch-body.js';

/** What all files of one transfer share. */
export interface Environment extends RequestEnvironment {
  readonly store: Store;
  readonly followers: Followers;
  readonly blocks: BlockPool;
  readonly signal: AbortSignal;
  readonly foreignPartials: TransferOptions['foreignPartials'];
  /** Monotonic milliseconds: unlike the wall clock it neither jumps nor counts the time the machine slept. */
  readonly now: () => number;
  /** Something can be asked for that could not before. */
  readonly wake: () => void;
}
