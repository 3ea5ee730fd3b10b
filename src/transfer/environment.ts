import type { Followers, Slabs } from '../proof/index.js';
import type { Couriers } from './batch/couriers.js';
import type { Carriers } from './carry/carriers.js';
import type { Hands, Store } from '../store/index.js';
import type { ProbeRooms } from './doubt/probe-rooms.js';
import type { BlockPool } from './files/block-writer.js';
import type { SmallBuffers } from './files/small-buffers.js';
import type { TransferOptions } from './port.js';
import type { RequestEnvironment } from './request/fetch-body.js';

/** What all files of one transfer share. */
export interface Environment extends RequestEnvironment {
  readonly store: Store;
  readonly hands: Hands;
  readonly followers: Followers;
  readonly carriers: Carriers;
  readonly couriers: Couriers;
  readonly slabs: Slabs;
  /** Called at every tick, before anything is measured. */
  readonly pulse: Set<() => void>;
  readonly blocks: BlockPool;
  readonly smallBuffers: SmallBuffers;
  readonly probeRooms: ProbeRooms;
  readonly signal: AbortSignal;
  readonly lookedAtMs: number;
  readonly foreignPartials: TransferOptions['foreignPartials'];
  /** Monotonic milliseconds: unlike the wall clock it neither jumps nor counts the time the machine slept. */
  readonly now: () => number;
  /** Something can be asked for that could not before. */
  readonly wake: () => void;
}
