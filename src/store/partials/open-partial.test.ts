import { chmod, readFile, stat, writeFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore, type Partial, type PartialIdentity, type Store } from '../index.js';
import { FAST_LEASE, modeOf, namesBelow, proofOf, temporaryFolder } from '../testing/fixtures.js';

const bytes = Buffer.from('a large file, as tests go');
const proof = proofOf(bytes);
const identity: PartialIdentity = { digests: { sha256: proof.sha256 }, sizeBytes: bytes.length };
const signal = new AbortController().signal;
const open = async () => openStore(await temporaryFolder(), { leaseTiming: FAST_LEASE });
const held = async (store: Store): Promise<Partial> => (await store.openPartial(identity, { signal }))!;

describe('a partial', () => {
  test('becomes a read-only blob and disappears', async () => {
    const store = await open();
    const partial = await held(store);
    await partial.allocate(bytes.length);
    expect((await stat(partial.dataPath)).size).toBe(bytes.length);
    await writeFile(partial.dataPath, bytes);
    await writeFile(partial.journalPath, 'all of it');
    await partial.commit(proof);
    expect(await readFile(store.blobPath(proof.sha256))).toEqual(bytes);
    expect(await modeOf(store.blobPath(proof.sha256))).toBe(0o444);
    expect(await store.blobState(proof.sha256)).toBe('proven');
    expect(await readdir(join(store.root, 'partials'))).toEqual([]);
  });

  test('keeps data and journal when it is let go, and nothing when there was nothing', async () => {
    const store = await open();
    const first = await held(store);
    await writeFile(first.dataPath, 'half');
    await writeFile(first.journalPath, 'half');
    await first.release();
    expect(await namesBelow(join(store.root, 'partials', first.key))).toEqual(['data', 'journal']);
    const second = await held(store);
    expect(await readFile(second.dataPath, 'utf8')).toBe('half');
    await second.reset();
    expect(await namesBelow(join(store.root, 'partials', first.key))).toEqual(['lease']);
    await second.release();
    expect(await readdir(join(store.root, 'partials'))).toEqual([]);
  });

  test('can be written again after its process died while giving it a name', async () => {
    const store = await open();
    const first = await held(store);
    await writeFile(first.dataPath, bytes);
    await chmod(first.dataPath, 0o444);
    await first.release();
    const second = await held(store);
    expect(await modeOf(second.dataPath)).toBe(0o644);
    await second.commit(proof);
    expect(await store.blobState(proof.sha256)).toBe('proven');
  });

  test('tells the room that it has, without its lease', async () => {
    const store = await open();
    expect(await store.partialBytes(identity)).toBe(0);
    const partial = await held(store);
    await writeFile(partial.dataPath, Buffer.alloc(100_000, 1));
    expect(await store.partialBytes(identity)).toBeGreaterThanOrEqual(100_000);
    await partial.release();
  });

  test('that ended with another size is not committed', async () => {
    const store = await open();
    const partial = await held(store);
    await writeFile(partial.dataPath, 'short');
    await expect(partial.commit(proof)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await store.blobState(proof.sha256)).toBe('absent');
    await partial.release();
  });

  test('yields to a blob that came first', async () => {
    const store = await open();
    const partial = await held(store);
    await writeFile(partial.dataPath, bytes);
    await store.putBytes(bytes, proof);
    const before = await stat(store.blobPath(proof.sha256));
    await partial.commit(proof);
    expect((await stat(store.blobPath(proof.sha256))).ino).toBe(before.ino);
    expect(await readdir(join(store.root, 'partials'))).toEqual([]);
  });

  test('is not opened for a blob that is here', async () => {
    const store = await open();
    await store.putBytes(bytes, proof);
    expect(await store.openPartial(identity, { signal })).toBeUndefined();
    expect(
      await store.openPartial({ digests: { gitSha1: proof.digests.gitSha1! }, sizeBytes: bytes.length }, { signal }),
    ).toBeUndefined();
    expect(await readdir(join(store.root, 'partials'))).toEqual([]);
  });

  test('of a size that no disk has is refused before anything is written', async () => {
    const store = await open();
    const partial = await held(store);
    await expect(partial.allocate(1e15)).rejects.toMatchObject({
      code: 'DISK_FULL',
      details: { needed: '1.00 PB' },
    });
    await partial.release();
  });

  test('reserves the space of a large file, keeping what is there', async () => {
    const store = await open();
    const partial = await held(store);
    await writeFile(partial.dataPath, 'begun');
    const sizeBytes = 80 * 1024 * 1024;
    await partial.allocate(sizeBytes);
    await partial.allocate(sizeBytes);
    expect((await stat(partial.dataPath)).size).toBe(sizeBytes);
    expect((await readFile(partial.dataPath)).subarray(0, 5).toString()).toBe('begun');
    await partial.reset();
    await partial.release();
  });
});

describe('a partial that another one holds', () => {
  test('is waited for, and comes when it is let go', async () => {
    const store = await open();
    const first = await held(store);
    const holders: string[] = [];
    const waiting = store.openPartial(identity, { signal, onWait: (holder) => holders.push(holder) });
    await expect.poll(() => holders).toEqual([`process ${process.pid}`]);
    await writeFile(first.dataPath, 'half');
    await first.release();
    const second = await waiting;
    expect(await readFile(second!.dataPath, 'utf8')).toBe('half');
    await second!.release();
    expect(holders).toHaveLength(1);
  });

  test('is not needed any more when the blob appears', async () => {
    const store = await open();
    const first = await held(store);
    const waiting = store.openPartial(identity, { signal });
    await writeFile(first.dataPath, bytes);
    await first.commit(proof);
    expect(await waiting).toBeUndefined();
  });

  test('is not waited for after an interruption', async () => {
    const store = await open();
    const first = await held(store);
    const abort = new AbortController();
    const waiting = store.openPartial(identity, { signal: abort.signal, onWait: () => abort.abort() });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await first.release();
  });

  test('goes to one of many', async () => {
    const store = await open();
    let holding = 0;
    const use = async () => {
      const partial = await store.openPartial(identity, { signal });
      holding += 1;
      expect(holding).toBe(1);
      await writeFile(partial!.dataPath, 'x');
      holding -= 1;
      await partial!.release();
    };
    await Promise.all(Array.from({ length: 8 }, use));
  });
});
