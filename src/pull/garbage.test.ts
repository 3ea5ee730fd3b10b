import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../store/index.js';
import type { Holding } from './holdings.js';
import { collectGarbage } from './index.js';
import { contextOf } from './testing/context-of.js';

const HOUR_MS = 3_600_000;

async function blobWithHolding(holding: Partial<Holding>) {
  const home = await mkdtemp(join(tmpdir(), 'sluice-garbage-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const store = await openStore(home);
  const bytes = Buffer.from('a small file of which the listing tells the git id alone');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await store.putBytes(bytes, { sha256, sizeBytes: bytes.length, digests: { sha256 } });
  const files = [{ path: 'config.json', sizeBytes: bytes.length }];
  const common = { ref: 'hf:o/n', origin: 'hf', revision: 'main', commit: 'c'.repeat(40), view: 'hf', root: '/r' };
  const value = { ...common, path: '', state: 'pulling', files, pulledAtMs: Date.now(), pullId: 'x', ...holding };
  await store.documents.write('holdings', 'hf/models--o--n/1', value);
  const report = await collectGarbage(contextOf(home), { apply: true });
  return { removed: report.items.map(({ name }) => name), sha256 };
}

test.each<[string, Partial<Holding>]>([
  ['a pull that runs for hours', { pulledAtMs: Date.now() - 5 * HOUR_MS }],
  ['a pull of more files of a model that is here', { state: 'complete', pulledAtMs: Date.now() - 10_000 }],
])('what %s brought is not garbage', async (_, holding) => {
  expect((await blobWithHolding(holding)).removed).toEqual([]);
});

test.each<[string, Partial<Holding>]>([
  ['a pull that began after it came', { pulledAtMs: Date.now() + HOUR_MS }],
  ['a pull that was given up days ago', { pulledAtMs: Date.now() - 50 * HOUR_MS }],
  ['a model that is complete', { state: 'complete', files: [] }],
])('what is not of %s is', async (_, holding) => {
  const { removed, sha256 } = await blobWithHolding(holding);
  expect(removed).toEqual([sha256]);
});
