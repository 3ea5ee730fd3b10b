import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startSim } from '../sim/index.js';
import { openStore } from '../store/index.js';
import { pull } from './index.js';
import { contextOf } from './testing/context-of.js';

const FILES = { 'config.json': '{"model_type":"tiny"}', 'w.safetensors': 'weights' };

test('what a collection took away between a look and the landing is brought again', async () => {
  const sim = await startSim({ repositories: [{ id: 'o/n', files: FILES }] });
  const home = await mkdtemp(join(tmpdir(), 'sluice-pull-'));
  onTestFinished(async () => {
    await sim.stop();
    await rm(home, { recursive: true, force: true });
  });
  const store = await openStore(home);
  let taken = 0;
  const context = contextOf(home, { hfEndpoints: [sim.url] }, (event) => {
    if (event.type !== 'file.proven' || event.file !== 'config.json' || taken > 0) return;
    taken += 1;
    rmSync(store.blobPath(event.sha256));
  });
  const outcome = await pull({ ref: 'hf:o/n', include: [], exclude: [], sources: [] }, context);
  expect(taken).toBe(1);
  expect(await readFile(join(outcome.path, 'config.json'), 'utf8')).toBe(FILES['config.json']);
  expect(sim.requests.filter(({ path }) => path === 'config.json').length).toBe(2);
});
