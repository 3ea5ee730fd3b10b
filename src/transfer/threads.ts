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
  /** These sizes will come: as many as small ones need. Large ones begin without; a service has theirs ready all the same (`prepareLarge`). */
  prepare(sizesBytes: readonly (number | undefined)[], threads: number): void;
  /** So many large files will come. */
  prepareLarge(files: number, threads: number): void;
  /** Some that were taken have nothing more to do: `close` ends them too. */
  retire(end: () => Promise<unknown>): void;
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
  const retired: (() => Promise<unknown>)[] = [];
  return {
    ...spare,
    prepare: (sizesBytes, threads) => {
      const small = sizesBytes.filter((sizeBytes = 0) => sizeBytes > 0 && sizeBytes <= SMALL_FILE_BYTES).length;
      if (small >= MANY_FILES) couriers.ahead(courierThreads(threads));
    },
    prepareLarge: (files, threads) => {
      carriers.ahead(carrierThreads(threads));
      followers.ahead(Math.min(files, FOLLOWERS_AHEAD));
    },
    retire: (end) => void retired.push(end),
    close: async () => {
      await Promise.all([
        carriers.close(),
        followers.close(),
        couriers.close(),
        ...retired.splice(0).map((end) => end()),
      ]);
    },
  };
}
