import { link, mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chunkListsIn, collect, openStore, planCollection, type Store } from '../index.js';
import { makeWritable, namesBelow, proofOf, temporaryFolder } from '../testing/fixtures.js';

const DAY_MS = 86_400_000;
const later = Date.now() + 100 * DAY_MS;
const signal = new AbortController().signal;
const [live, dead, linked] = ['live', 'dead', 'linked'].map((text) => Buffer.from(text.repeat(100)));
const shaOf = (bytes: Buffer) => proofOf(bytes).sha256;

async function filled(): Promise<Store> {
  const store = await openStore(await temporaryFolder());
  for (const bytes of [live!, dead!, linked!]) await store.putBytes(bytes, proofOf(bytes));
  await link(store.blobPath(shaOf(linked!)), join(store.root, 'in-a-view'));
  return store;
}

const plan = (store: Store, nowMs = later) => planCollection(store, { liveDigests: [shaOf(live!)], nowMs });

async function beginPartial(store: Store, text: string): Promise<string> {
  const digests = { sha256: shaOf(Buffer.from(text)) };
  const partial = await store.openPartial({ digests, sizeBytes: 1 }, { signal });
  await writeFile(partial!.dataPath, text);
  await partial!.release();
  return partial!.key;
}

describe('collection', () => {
  test('shows what it would free and does nothing yet', async () => {
    const store = await filled();
    const before = await namesBelow(store.root);
    const planned = await plan(store);
    expect(planned.blobs.map((blob) => [blob.sha256, blob.otherLinks]).sort()).toEqual(
      [
        [shaOf(dead!), 0],
        [shaOf(linked!), 1],
      ].sort(),
    );
    const leftoverBytes = planned.leftovers.reduce((sum, leftover) => sum + leftover.sizeBytes, 0);
    expect(planned.freedBytes).toBe(dead!.length + leftoverBytes);
    expect(await namesBelow(store.root)).toEqual(before);
  });

  test('removes what nothing references, with its stamp, and keeps what is referenced', async () => {
    const store = await filled();
    const planned = await plan(store);
    expect(await collect(store, planned)).toMatchObject({ blobs: 2, freedBytes: planned.freedBytes });
    expect(await store.blobState(shaOf(live!))).toBe('proven');
    expect(await store.blobState(shaOf(dead!))).toBe('absent');
    expect(await store.blobProof(shaOf(dead!))).toBeUndefined();
    expect(await namesBelow(join(store.root, 'aliases'))).toHaveLength(1);
    expect((await plan(store)).leftovers).toEqual([]);
  });

  test('removes chunk lists with their blobs, and those that lost theirs', async () => {
    const store = await filled();
    const lists = chunkListsIn(store);
    const lost = 'ab'.repeat(32);
    for (const sha256 of [shaOf(live!), shaOf(dead!), lost]) await lists.write(sha256, Buffer.from('a list'));
    const planned = await plan(store);
    expect(planned.leftovers.filter(({ path }) => path.includes('chunks')).map(({ path }) => path.slice(-64))).toEqual([
      lost,
    ]);
    await collect(store, { ...planned, madeAtMs: Date.now() + 1000 });
    expect(await lists.names()).toEqual([shaOf(live!)]);
  });

  test('leaves young blobs: a pull may be about to reference them', async () => {
    const store = await filled();
    const planned = await plan(store, Date.now());
    expect(planned.blobs).toEqual([]);
    expect(planned.youngBlobs).toHaveLength(2);
    const now = await planCollection(store, { liveDigests: [], nowMs: Date.now() + 1, graceMs: 0 });
    expect(now.blobs).toHaveLength(3);
  });

  test('leaves a blob that was proven again after the plan was made', async () => {
    const store = await filled();
    const planned = { ...(await plan(store)), madeAtMs: Date.now() - 1000 };
    expect(await collect(store, planned)).toMatchObject({ blobs: 0 });
    expect(await store.blobState(shaOf(dead!))).toBe('proven');
  });

  test('removes partials that nobody touched for long, but none that is held', async () => {
    const store = await filled();
    const stale = await beginPartial(store, 'stale');
    const heldText = 'held';
    await beginPartial(store, heldText);
    const digests = { sha256: shaOf(Buffer.from(heldText)) };
    const held = await store.openPartial({ digests, sizeBytes: 1 }, { signal });
    const planned = await plan(store);
    expect(planned.partials.map((partial) => partial.key)).toEqual([stale]);
    expect((await plan(store, Date.now())).partials).toEqual([]);
    const both = { ...planned, partials: [...planned.partials, { key: held!.key, sizeBytes: 1, idleMs: 1 }] };
    expect(await collect(store, both)).toMatchObject({ partials: 1 });
    expect(await readdir(join(store.root, 'partials'))).toEqual([held!.key]);
    expect(await namesBelow(join(store.root, 'partials', held!.key))).toEqual(['data', 'lease']);
    await held!.release();
  });

  test('keeps the stamp of a blob that waits to be mended', async () => {
    const store = await filled();
    const path = store.blobPath(shaOf(dead!));
    await makeWritable(path);
    await writeFile(path, 'wrong');
    expect(await store.proveBlob(shaOf(dead!))).toBe('wrong');
    await collect(store, await plan(store, Date.now()));
    expect(await store.blobProof(shaOf(dead!))).toEqual(proofOf(dead!));
  });

  test('removes temporary files of processes that died, not fresh ones', async () => {
    const store = await filled();
    const old = join(store.root, 'tmp', 'old');
    await writeFile(old, 'left behind');
    await utimes(old, new Date(), new Date(Date.now() - 2 * DAY_MS));
    await writeFile(join(store.root, 'tmp', 'fresh'), 'in use');
    const planned = await plan(store, Date.now());
    expect(planned.leftovers.map((leftover) => leftover.path)).toEqual([old]);
    await collect(store, planned);
    expect(await readdir(join(store.root, 'tmp'))).toEqual(['fresh']);
  });

  test('passes over what is not ours', async () => {
    const store = await filled();
    await mkdir(join(store.root, 'partials', 'mine'), { recursive: true });
    await writeFile(join(store.root, 'blobs/sha256', 'note.txt'), 'mine').catch(() => undefined);
    await collect(store, await plan(store));
    expect(await readdir(join(store.root, 'partials'))).toEqual(['mine']);
    expect(await readdir(join(store.root, 'blobs/sha256'))).toContain('note.txt');
  });
});
