import type { SpareThreads } from '../base/index.js';
import { spareFollowers } from '../proof/index.js';
import { spareCarriers } from './carry/carriers.js';
import { SMALL_FILE_BYTES } from './limits.js';
import { carrierThreads } from './transfer.js';

/** Several files are hashed side by side. */
const FOLLOWERS_AHEAD = 2;

/** Threads of a transfer that come up while the hub is asked. */
export interface TransferThreads {
  readonly carriers: SpareThreads;
  readonly followers: SpareThreads;
  /** Something may come: the first of them. */
  begin(): void;
  /** These sizes will come: as many as they need. `isHashed`: whole files are, since their pieces prove nothing. */
  prepare(sizesBytes: readonly (number | undefined)[], threads: number, isHashed: boolean): void;
  close(): Promise<void>;
}

/** Undefined where the program runs from its TypeScript sources (tests), which needs none. */
export function openThreads(): TransferThreads | undefined {
  const [carriers, followers] = [spareCarriers(), spareFollowers()];
  return carriers === undefined || followers === undefined ? undefined : threadsOf(carriers, followers);
}

export function threadsOf(carriers: SpareThreads, followers: SpareThreads): TransferThreads {
  return {
    carriers,
    followers,
    begin: () => carriers.ahead(1),
    prepare: (sizesBytes, threads, isHashed) => {
      const large = sizesBytes.filter((sizeBytes = 0) => sizeBytes > SMALL_FILE_BYTES).length;
      if (large === 0) return;
      carriers.ahead(carrierThreads(threads, isHashed));
      if (isHashed) followers.ahead(Math.min(large, FOLLOWERS_AHEAD));
    },
    close: async () => {
      await Promise.all([carriers.close(), followers.close()]);
    },
  };
}
