import { expect, it } from 'vitest';
import { SluiceError } from '../base/index.js';
import type { Store } from '../store/index.js';
import type { TransferTask } from './index.js';
import { sourceOf } from './testing/source-of.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf } from './testing/rig.js';

const big = seededContent({ seed: 5, sizeBytes: 6 * MIB + 7 });
const small = seededContent({ seed: 6, sizeBytes: 70_000 });
const files = { 'big.bin': big, 'small.json': small };

it('records the SHA-256 of files that nothing proves, and says so', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const bare = (path: string, sizeBytes: number): TransferTask => ({
    path,
    sizeBytes,
    digests: {},
    sources: [sourceOf(sim, path, { plain: true })],
  });
  const results = await rig.run([bare('big.bin', big.sizeBytes), bare('small.json', small.sizeBytes)]);
  expect(results.map(({ sha256, checks }) => [sha256, checks])).toEqual([
    [sha256Of(big), []],
    [sha256Of(small), []],
  ]);
  expect(rig.eventsOf('notice').map(({ code }) => code)).toEqual(['UNPROVEN', 'UNPROVEN']);
});

it('brings files whose size nobody tells', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files, { faults: [{ fault: { type: 'no-length', style: 'chunked' } }] });
  const task = { path: 'big.bin', sizeBytes: undefined, sources: [sourceOf(sim, 'big.bin', { plain: true })] };
  const [result] = await rig.run([{ ...task, digests: {} }]);
  expect(result).toMatchObject({ sha256: sha256Of(big), sizeBytes: big.sizeBytes });
  const proven = await rig.pull({ ...task, digests: { md5: '0'.repeat(32) } });
  expect(proven.error?.code).toBe('DIGEST_MISMATCH');
});

it('begins anew when a file that nothing identifies changes on the way', async () => {
  const rig = await makeRig();
  const after = seededContent({ seed: 55, sizeBytes: big.sizeBytes });
  const sim = await rig.sim(files, {
    faults: [{ on: { path: /big/, skip: 3 }, fault: { type: 'changed', content: after, etag: '"new"' } }],
  });
  const validators = { lastModified: new Date(Date.UTC(2026, 0, 1)).toUTCString() };
  const task = { path: 'big.bin', sizeBytes: big.sizeBytes, digests: {}, validators };
  const result = await rig.pull({ ...task, sources: [sourceOf(sim, 'big.bin', { plain: true })] });
  expect(result.sha256).toBe(sha256Of(after));
});

it('takes a file that nothing identifies, not even an ETag, from one answer', async () => {
  const rig = await makeRig();
  const after = seededContent({ seed: 56, sizeBytes: big.sizeBytes });
  const hidden = { type: 'headers', headers: { etag: undefined, 'last-modified': undefined } } as const;
  const sim = await rig.sim(files, {
    faults: [
      { on: { path: /big/, times: 1 }, fault: { type: 'end-early', afterBytes: 3 * MIB } },
      { on: { path: /big/, skip: 1 }, fault: { type: 'changed', content: after, etag: '"new"' } },
      { fault: hidden },
    ],
  });
  const task = { path: 'big.bin', sizeBytes: big.sizeBytes, digests: {} };
  const result = await rig.pull({ ...task, sources: [sourceOf(sim, 'big.bin', { plain: true })] });
  expect(result.sha256).toBe(sha256Of(after));
  const shorter = await rig.pull({ ...task, sizeBytes: 5 * MIB, sources: [sourceOf(sim, 'big.bin', { plain: true })] });
  expect(shorter.error?.code).toBe('SIZE_MISMATCH');
});

it('gives up a file that differs from its listing', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const task = { path: 'big.bin', sizeBytes: big.sizeBytes, digests: {}, validators: { etag: '"old"' } };
  const result = await rig.pull({ ...task, sources: [sourceOf(sim, 'big.bin', { plain: true })] });
  expect(result.error?.code).toBe('SOURCE_CHANGED');
});

it('fetches the same content once, whatever names it has', async () => {
  const rig = await makeRig();
  const sim = await rig.sim({ ...files, 'copy.bin': big });
  const landed: string[] = [];
  const results = await rig.run([taskOf('big.bin', big, [sim]), taskOf('copy.bin', big, [sim])], {
    onProven: async (task) => void landed.push(task.path),
  });
  expect(results.map(({ fetchedBytes }) => fetchedBytes)).toEqual([big.sizeBytes, 0]);
  expect(landed).toEqual(['big.bin', 'copy.bin']);
});

it('asks for nothing that the store has', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const tasks = [taskOf('big.bin', big, [sim]), taskOf('small.json', small, [sim])];
  await rig.run(tasks);
  sim.forget();
  const results = await rig.run(tasks);
  expect(results.map(({ fetchedBytes, checks }) => [fetchedBytes, checks])).toEqual([
    [0, ['sha256']],
    [0, ['sha256']],
  ]);
  expect(sim.requests).toEqual([]);
});

it('makes empty files without asking', async () => {
  const rig = await makeRig();
  const empty = seededContent({ seed: 1, sizeBytes: 0 });
  const sim = await rig.sim(files);
  const results = await rig.run([
    taskOf('empty', empty, [sim]),
    { ...taskOf('wrong', empty, [sim]), digests: { sha256: sha256Of(big) } },
  ]);
  expect(results.map(({ sha256, error }) => error?.code ?? sha256)).toEqual([sha256Of(empty), 'DIGEST_MISMATCH']);
  expect(sim.requests).toEqual([]);
});

it('asks for nothing when the disk cannot take it all', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const store: Store = { ...rig.store, freeBytes: async () => MIB };
  const results = await rig.run([taskOf('big.bin', big, [sim]), taskOf('small.json', small, [sim])], { store });
  expect(results.map(({ error }) => error?.code)).toEqual(['DISK_FULL', 'DISK_FULL']);
  expect(sim.requests).toEqual([]);
});

it('stops everything when the disk fills up', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const store: Store = {
    ...rig.store,
    openPartial: async (identity, options) => {
      const partial = await rig.store.openPartial(identity, options);
      return partial && { ...partial, allocate: () => Promise.reject(new SluiceError('DISK_FULL')) };
    },
  };
  const result = await rig.pull(taskOf('big.bin', big, [sim]), { store });
  expect(result.error?.code).toBe('DISK_FULL');
});

it('brings hundreds of small files with one request each', async () => {
  const rig = await makeRig();
  const many = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [
      `n/${index}.txt`,
      seededContent({ seed: index + 1, sizeBytes: 2000 + index }),
    ]),
  );
  const sim = await rig.sim(many);
  const tasks = Object.entries(many).map(([path, content]) => ({
    ...taskOf(path, content, []),
    sources: [sourceOf(sim, path, { plain: true })],
  }));
  const results = await rig.run(tasks);
  expect(results.every(({ error }) => error === undefined)).toBe(true);
  expect(sim.requests).toHaveLength(300);
  expect(sim.connections).toBeLessThanOrEqual(9);
  expect(rig.eventsOf('progress').at(-1)).toMatchObject({ filesDone: 300, filesTotal: 300 });
});
