import type { SpareThreads } from '../base/index.js';
import { spareFollowers } from '../proof/index.js';
import { spareCouriers } from './batch/couriers.js';
import { MANY_FILES } from './batch/limits.js';
import { spareCarriers } from './carry/carriers.js';
import { SMALL_FILE_BYTES } from './limits.js';
import { carrierThreads, courierThreads } from './create-environment.js';

/** Several files are hashed side by side. */
const FOLLOWERS_AHEAD = 2;

/** Threads of a transfer that come up while the hub is asked. */
export interface TransferThreads {
  readonly carriers: SpareThreads;
  readonly followers: SpareThreads;
  readonly couriers: SpareThreads;
  /** Something may come: the first of them. */
  begin(): void;
  /** These sizes will come: as many as they need. `isHashed`: whole files are, since their pieces prove nothing. */
  prepare(sizesBytes: readonly (number | undefined)[], threads: number, isHashed: boolean): void;
  close(): Promise<void>;
}

/** Undefined where the program runs from its TypeScript sources (tests), which needs none. */
export function openThreads(): TransferThreads | undefined {
  const [carriers, followers, couriers] = [spareCarriers(), spareFollowers(), spareCouriers()];
  if (carriers === undefined || followers === undefined || couriers === undefined) return undefined;
  return threadsOf({ carriers, followers, couriers });
}

export function threadsOf(spare: Pick<TransferThreads, 'carriers' | 'followers' | 'couriers'>): TransferThreads {
  const { carriers, followers, couriers } = spare;
  return {
    ...spare,
    begin: () => carriers.ahead(1),
    prepare: (sizesBytes, threads, isHashed) => {
      const large = sizesBytes.filter((sizeBytes = 0) => sizeBytes > SMALL_FILE_BYTES).length;
      const small = sizesBytes.filter((sizeBytes = 0) => sizeBytes > 0 && sizeBytes <= SMALL_FILE_BYTES).length;
      if (small >= MANY_FILES) couriers.ahead(courierThreads(threads));
      if (large === 0) return;
      carriers.ahead(carrierThreads(threads, isHashed));
      if (isHashed) followers.ahead(Math.min(large, FOLLOWERS_AHEAD));
    },
    close: async () => {
      await Promise.all([carriers.close(), followers.close(), couriers.close()]);
    },
  };
}
