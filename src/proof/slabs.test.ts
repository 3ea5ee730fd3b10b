import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { followFile } from './follow-file.js';
import { createSlabMemory, Residents, SLAB_BYTES, Slabs } from './slabs.js';

describe('Slabs', () => {
  it('are each taken by one at a time', () => {
    const memory = createSlabMemory(3);
    const [one, other] = [new Slabs(memory), new Slabs(memory)];
    expect([one.take(), other.take(), one.take(), other.take()]).toEqual([0, 1, 2, undefined]);
    one.giveBack(1);
    expect([other.freeCount, other.take()]).toEqual([1, 1]);
    one.view(2).fill(7);
    expect(other.view(2)[SLAB_BYTES - 1]).toBe(7);
  });

  it('are helped out by memory of the thread, which is used again', () => {
    const slabs = new Slabs(createSlabMemory(1));
    const [one, other] = [slabs.takeOwn(), slabs.takeOwn()];
    expect([one.length, one === other]).toEqual([SLAB_BYTES, false]);
    slabs.giveBackOwn(one);
    expect(slabs.takeOwn()).toBe(one);
    expect(slabs.freeCount).toBe(1);
  });
});

describe('what waits in memory', () => {
  const sizeBytes = 3 * SLAB_BYTES + 77;
  const content = randomBytes(sizeBytes);

  it('is hashed there, and the rest is read from the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-slabs-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'data');
    await fc.assert(
      fc.asyncProperty(fc.subarray([0, 1, 2, 3]), async (inMemory) => {
        const memory = createSlabMemory(4);
        const slabs = new Slabs(memory);
        const residents = Residents.share(sizeBytes);
        const onDisk = Buffer.from(content);
        for (const index of inMemory) {
          const id = slabs.take() ?? 0;
          content.copy(slabs.view(id), 0, index * SLAB_BYTES, (index + 1) * SLAB_BYTES);
          new Residents(residents).put(index, id);
          // What is in memory is not looked for on disk.
          onDisk.fill(0, index * SLAB_BYTES, Math.min((index + 1) * SLAB_BYTES, sizeBytes));
        }
        writeFileSync(path, onDisk);
        const digests = { sha256: createHash('sha256').update(content).digest('hex') };
        const follower = followFile({ path, sizeBytes, digests, memory: { slabs: memory, residents } });
        follower.advance(2 * SLAB_BYTES);
        follower.advance(sizeBytes);
        expect((await follower.done)?.mismatch).toBeUndefined();
        expect(slabs.freeCount).toBe(4);
      }),
    );
  });

  it('can be forgotten', () => {
    const slabs = new Slabs(createSlabMemory(2));
    const residents = new Residents(Residents.share(sizeBytes));
    residents.put(0, slabs.take() ?? 0);
    residents.put(2, slabs.take() ?? 0);
    residents.clear(slabs, 1);
    expect([slabs.freeCount, residents.takeOut(2), residents.takeOut(0)]).toEqual([1, undefined, 0]);
  });
});
