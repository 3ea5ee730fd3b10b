import { expect, test } from 'vitest';
import { seededContent, type Sim, type SimFiles } from '../../sim/index.js';
import { bytesOf, makeHubs, wrongFiles, type Hubs } from '../testing/hubs.js';

const MIB = 2 ** 20;
const ONE = seededContent({ seed: 'one', sizeBytes: 24 * MIB + 3 });
const TWO = seededContent({ seed: 'two', sizeBytes: 16 * MIB });
const FILES: SimFiles = {
  'config.json': '{}',
  'deep folder/model #1.safetensors': ONE,
  'model-2.safetensors': TWO,
  'tiny.safetensors': 'small',
};
const SLOW = { connectionBytesPerSecond: 2e6, totalBytesPerSecond: 8e6 };

async function withFolder(files: SimFiles): Promise<{ hubs: Hubs; hf: Sim; web: Sim; folder: string }> {
  const hubs = await makeHubs();
  const hf = await hubs.sim(FILES, { network: SLOW });
  const web = await hubs.sim({}, { folders: { tiny: files }, network: SLOW });
  return { hubs, hf, web, folder: `${web.url}/files/tiny/` };
}

const sentOf = (sim: Sim, path: string): number =>
  sim.requests.filter((request) => request.path === path).reduce((sum, { bytes }) => sum + bytes, 0);

test('a folder of plain files gives what it has of a repository', async () => {
  const { hubs, hf, web, folder } = await withFolder(FILES);
  const outcome = await hubs.pull('hf:acme/tiny', { hfEndpoints: [hf.url] }, { sources: [folder] });
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  expect(sentOf(web, 'deep folder/model #1.safetensors')).toBeGreaterThan(MIB);
  expect(bytesOf(hf, ONE)).toBeGreaterThan(MIB);
  // What is small is not worth the question.
  expect(web.requests.filter(({ path }) => path === 'tiny.safetensors' || path === 'config.json')).toEqual([]);
  expect(hubs.eventsOf('source.found')).toMatchObject([{ ref: folder, agree: 2, differ: 0, lack: 0 }]);
});

test('of another size, or absent, a file is left to its own hub', async () => {
  const { hubs, hf, web, folder } = await withFolder({
    'deep folder/model #1.safetensors': seededContent({ seed: 'one', sizeBytes: 24 * MIB + 4 }),
  });
  const outcome = await hubs.pull('hf:acme/tiny', { hfEndpoints: [hf.url] }, { sources: [folder] });
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  expect(web.sentBytes).toBeLessThan(1000);
  expect(hubs.eventsOf('source.found')).toMatchObject([{ agree: 0, differ: 1, lack: 1 }]);
  expect(hubs.eventsOf('source.differs')).toMatchObject([
    {
      file: 'deep folder/model #1.safetensors',
      sizeBytes: 24 * MIB + 3,
      theirSizeBytes: 24 * MIB + 4,
      theirSha256: null,
    },
  ]);
});

test('of the same size but other content, it is found out by the digest, and the file is right', async () => {
  const { hubs, hf, web, folder } = await withFolder({
    'model-2.safetensors': seededContent({ seed: 'stale', sizeBytes: 16 * MIB }),
  });
  const outcome = await hubs.pull(
    'hf:acme/tiny',
    { hfEndpoints: [hf.url] },
    { sources: [folder], include: ['model-2.safetensors'] },
  );
  expect(await wrongFiles({ 'model-2.safetensors': TWO }, outcome.path)).toEqual([]);
  expect(sentOf(web, 'model-2.safetensors')).toBeGreaterThan(0);
  expect(hubs.eventsOf('source.banned')).toMatchObject([{ source: new URL(web.url).host }]);
});

test('one that cannot be asked is told of once', async () => {
  const { hubs, hf, web, folder } = await withFolder(FILES);
  web.faults.add({ fault: { type: 'status', status: 403 } });
  const outcome = await hubs.pull('hf:acme/tiny', { hfEndpoints: [hf.url] }, { sources: [folder] });
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  expect(hubs.eventsOf('source.absent')).toMatchObject([{ ref: folder, code: 'FORBIDDEN' }]);
});
