import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import type { ManifestFile, Pinned } from '../hubs/index.js';
import { openStore, type Store } from '../store/index.js';
import { pinOffline, readManifest, saveManifest, saveRevision } from './manifests.js';

const roots: string[] = [];
afterEach(async () => {
  await Promise.all(roots.splice(0).map((root) => rm(root, { recursive: true, force: true })));
});

async function open(): Promise<Store> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-manifests-'));
  roots.push(root);
  return openStore(root);
}

const pinned: Pinned = {
  ref: { origin: 'hf', kind: 'dataset', id: 'acme/rows' },
  revision: 'main',
  commit: 'c'.repeat(40),
  isPublic: true,
};
const listing = (count: number, sizeBytes = 1): readonly ManifestFile[] =>
  Array.from({ length: count }, (_, at) => ({ path: `${String(at).padStart(6, '0')}.json`, sizeBytes, digests: {} }));

describe('a kept listing', () => {
  test.each([1, 20_000, 20_001, 45_000])('of %i files is read as it was written', async (count) => {
    const store = await open();
    expect(await readManifest(store, pinned)).toBeUndefined();
    const files = listing(count);
    await saveManifest(store, { pinned, files });
    await saveRevision(store, pinned);
    expect(await pinOffline(store, pinned.ref, undefined)).toEqual(pinned);
    const read = await readManifest(store, pinned);
    expect(read?.files.length).toBe(count);
    expect(read).toEqual({ pinned, files });
  });

  test('that is long is none when a part of it is missing, or of another time', async () => {
    const store = await open();
    await saveManifest(store, { pinned, files: listing(45_000) });
    const name = `hf/datasets--acme--rows/${pinned.commit}`;
    const part = await store.documents.read('manifest-parts', `${name}/1`);
    const head = await store.documents.read('manifests', name);
    await saveManifest(store, { pinned, files: listing(45_000, 2) });
    if (part.status !== 'ok' || head.status !== 'ok') throw new Error('it is not kept in parts');
    // Written by somebody else in between.
    await store.documents.write('manifest-parts', `${name}/1`, part.value);
    expect(await readManifest(store, pinned)).toBeUndefined();
    await store.documents.write('manifests', name, head.value);
    await store.documents.remove('manifest-parts', `${name}/1`);
    expect(await readManifest(store, pinned)).toBeUndefined();
    await saveManifest(store, { pinned, files: listing(45_000, 2) });
    expect((await readManifest(store, pinned))?.files[30_000]?.sizeBytes).toBe(2);
  });
});
