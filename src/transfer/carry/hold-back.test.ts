import { expect, it } from 'vitest';
import { createSlabMemory, Residents, SLAB_BYTES, Slabs } from '../../proof/index.js';
import { holdBack } from './hold-back.js';
import { Slot } from './slot.js';

const MIB = SLAB_BYTES;

function setUp() {
  const shared = Residents.share(1000 * MIB);
  const residents = new Residents(shared);
  const slot = Slot.create(0, 0);
  const stop = new AbortController();
  const pause = holdBack({ residents: shared }, new Slabs(createSlabMemory(40)), slot, stop.signal);
  return { residents, slot, stop, pause };
}

it('holds back who is far ahead of a hash that has work, until that has come nearer', async () => {
  const { residents, slot, pause } = setUp();
  residents.mark(0, 20 * MIB);
  expect(pause(19 * MIB)).toBeUndefined();
  let isOver = false;
  const held = pause(50 * MIB)?.then(() => (isOver = true));
  expect(held).toBeDefined();
  while (slot.heldMs === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(isOver).toBe(false);
  residents.mark(31 * MIB, 60 * MIB);
  await held;
});

it('lets everybody on while the hash waits for the front, and when nobody hashes any more', async () => {
  const { residents, pause } = setUp();
  residents.mark(10 * MIB, 12 * MIB);
  expect(pause(900 * MIB)).toBeUndefined();
  residents.mark(10 * MIB, 60 * MIB);
  const held = pause(900 * MIB);
  expect(held).toBeDefined();
  residents.mark(10 * MIB, 10 * MIB);
  await held;
});

it('ends with the run', async () => {
  const { residents, stop, pause } = setUp();
  residents.mark(0, 20 * MIB);
  const held = pause(50 * MIB);
  stop.abort();
  await held;
  expect(residents.backlog).toBe(20);
});

it('holds nobody back where no hash follows', () => {
  const slot = Slot.create(0, 0);
  const slabs = new Slabs(createSlabMemory(1));
  expect(holdBack({ residents: undefined }, slabs, slot, new AbortController().signal)(900 * MIB)).toBeUndefined();
});
