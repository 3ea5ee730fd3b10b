import { expect, it } from 'vitest';
import { MIB, makeRig, seededContent, sha256Of, taskOf } from './testing/rig.js';

const big = seededContent({ seed: 1, sizeBytes: 9 * MIB + 123 });
const small = seededContent({ seed: 2, sizeBytes: 30_000 });

it('brings a large and a small file, whole and proven, and tells of it', async () => {
  const rig = await makeRig();
  const sim = await rig.sim({ 'big.bin': big, 'small.json': small });
  const proven: string[] = [];
  const results = await rig.run([taskOf('big.bin', big, [sim]), taskOf('small.json', small, [sim])], {
    onProven: async (task) => void proven.push(task.path),
  });
  expect(results.map(({ sha256, checks, error }) => [sha256, checks, error])).toEqual([
    [sha256Of(big), ['sha256'], undefined],
    [sha256Of(small), ['sha256'], undefined],
  ]);
  expect(await rig.store.blobState(sha256Of(big))).toBe('proven');
  expect((await rig.assertBlobsRight()).length).toBe(2);
  expect(proven.sort()).toEqual(['big.bin', 'small.json']);
  expect(results[0]?.pieces).toHaveLength(10);
  expect(results[0]?.fetchedBytes).toBe(big.sizeBytes);
  expect((await rig.store.blobProof(sha256Of(big)))?.pieces?.digests).toHaveLength(10);
  expect(sim.leaks).toEqual([]);
  expect(rig.eventsOf('piece.landed')).toHaveLength(11);
});
