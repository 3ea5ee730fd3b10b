import { setTimeout as sleep } from 'node:timers/promises';
import { Residents, SLAB_BYTES, type Slabs } from '../../proof/index.js';
import type { CarryOrder } from './messages.js';
import { clockMs, type Slot } from './slot.js';

/** The hash has work while so many slabs in a row are ahead of it: 5 ms of it. */
const BUSY_SLABS = 8;
/** Nobody is held back who is nearer to the hash than this share of all slabs: those are there for what waits. */
const NEAR_SHARE = 1 / 2;
const LOOK_MS = 1;

/**
 * Holds a run back that is so far ahead of the hash of its file that what it brings could not wait in memory, but would have to be read back: only while the hash has
 * work in front of it, so the file is there no later for it, and a slow source at the front stops nobody.
 */
export function holdBack(
  { residents: shared }: Pick<CarryOrder, 'residents'>,
  slabs: Slabs,
  slot: Slot,
  signal: AbortSignal,
): (positionByte: number) => Promise<void> | undefined {
  if (shared === undefined) return () => undefined;
  const residents = new Residents(shared);
  const nearSlabs = slabs.count * NEAR_SHARE;
  const isTooFar = (positionByte: number): boolean =>
    residents.backlog >= BUSY_SLABS && positionByte / SLAB_BYTES - residents.hashed >= nearSlabs;
  const wait = async (positionByte: number): Promise<void> => {
    while (isTooFar(positionByte) && !signal.aborted) {
      const fromMs = clockMs();
      await sleep(LOOK_MS);
      slot.held(clockMs() - fromMs);
    }
  };
  return (positionByte) => (isTooFar(positionByte) ? wait(positionByte) : undefined);
}
