import { mkdir, readFile, rm, stat, utimes, writeFile, link } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from './index.js';
import {
  FAST_LEASE,
  gitIdOf,
  makeWritable,
  modeOf,
  namesBelow,
  proofOf,
  sha256Of,
  temporaryFolder,
} from './testing/fixtures.js';

const open = async () => openStore(await temporaryFolder(), { leaseTiming: FAST_LEASE });
const bytes = Buffer.from('weights of a small model');
const signal = new AbortController().signal;

describe('a store', () => {
  test('opens twice, and refuses a root that a newer Sluice made', async () => {
    const root = await temporaryFolder();
    await openStore(root);
    await openStore(root);
    await writeFile(join(root, 'format'), 'sluice store 2\n');
    await expect(openStore(root)).rejects.toMatchObject({ code: 'BAD_SETTING' });
  });

  test('tells what it may not write', async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, 'file'), '');
    await expect(openStore(join(root, 'file', 'store'))).rejects.toMatchObject({ code: 'FILE_SYSTEM' });
  });

  test('finds content by every digest that it was ever proven against', async () => {
    const store = await open();
    const { digests, ...proof } = proofOf(bytes);
    await store.putBytes(bytes, { ...proof, digests: {} });
    expect(await store.lookup({ gitSha1: gitIdOf(bytes) }, bytes.length)).toBeUndefined();
    // The same content again, from a hub that knows it by another name.
    await store.putBytes(bytes, { ...proof, digests });
    expect(await store.lookup({ gitSha1: gitIdOf(bytes) }, bytes.length)).toBe(proof.sha256);
  });

  test('refuses to make a path of what is not a digest', async () => {
    const store = await open();
    expect(() => store.blobPath('../../../../etc/passwd')).toThrow('not a SHA-256');
    await expect(store.blobState('..')).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('has room', async () => {
    expect(await (await open()).freeBytes()).toBeGreaterThan(0);
  });
});

describe('a small file put in', () => {
  test('is proven, read-only, found by its other digests, and leaves nothing behind', async () => {
    const store = await open();
    const proof = proofOf(bytes);
    await store.putBytes(bytes, proof);
    expect(await store.blobState(proof.sha256)).toBe('proven');
    expect(await readFile(store.blobPath(proof.sha256))).toEqual(bytes);
    expect(await modeOf(store.blobPath(proof.sha256))).toBe(0o444);
    expect(await store.lookup({ gitSha1: gitIdOf(bytes) }, bytes.length)).toBe(proof.sha256);
    expect(await store.lookup({ gitSha1: gitIdOf(bytes) }, undefined)).toBe(proof.sha256);
    expect(await store.lookup({ sha256: proof.sha256 }, bytes.length)).toBe(proof.sha256);
    expect(await store.blobProof(proof.sha256)).toEqual(proof);
    expect(await namesBelow(join(store.root, 'tmp'))).toEqual([]);
  });

  test('is not found under a size or a digest that differs, nor once it is gone', async () => {
    const store = await open();
    const proof = proofOf(bytes);
    await store.putBytes(bytes, proof);
    expect(await store.lookup({ gitSha1: gitIdOf(bytes) }, bytes.length + 1)).toBeUndefined();
    expect(await store.lookup({ sha256: proof.sha256 }, bytes.length + 1)).toBeUndefined();
    expect(await store.lookup({ gitSha1: 'ab'.repeat(20) }, bytes.length)).toBeUndefined();
    await rm(store.blobPath(proof.sha256));
    expect(await store.lookup({ gitSha1: gitIdOf(bytes) }, bytes.length)).toBeUndefined();
    expect(await store.blobState(proof.sha256)).toBe('absent');
  });

  test('is refused when its proof speaks of another size', async () => {
    const store = await open();
    const proof = { ...proofOf(bytes), sizeBytes: 3 };
    await expect(store.putBytes(bytes, proof)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await store.blobState(proof.sha256)).toBe('absent');
  });

  test('may be put by many at once', async () => {
    const store = await open();
    const files = Array.from({ length: 100 }, (_, index) => Buffer.from(`file ${index % 50}`));
    await Promise.all(files.map((file) => store.putBytes(file, proofOf(file))));
    for (const file of files) expect(await store.blobState(sha256Of(file))).toBe('proven');
    expect(await namesBelow(join(store.root, 'tmp'))).toEqual([]);
  });
});

describe('a blob that changed', () => {
  test('is unproven until it is hashed again', async () => {
    const store = await open();
    const { sha256 } = proofOf(bytes);
    await store.putBytes(bytes, proofOf(bytes));
    await utimes(store.blobPath(sha256), new Date(), new Date(1e12));
    expect(await store.blobState(sha256)).toBe('unproven');
    expect(await store.proveBlob(sha256)).toBe('proven');
    expect(await store.blobState(sha256)).toBe('proven');
  });

  test('is unproven without a stamp, or with a broken one, and keeps its aliases', async () => {
    const store = await open();
    const { sha256 } = proofOf(bytes);
    await store.putBytes(bytes, proofOf(bytes));
    const stamp = join(store.root, 'stamps/sha256', sha256.slice(0, 2), `${sha256}.json`);
    await writeFile(stamp, '{"version":1,"sha256":');
    expect(await store.blobState(sha256)).toBe('unproven');
    expect(await store.blobProof(sha256)).toBeUndefined();
    await rm(join(store.root, 'aliases'), { recursive: true });
    expect(await store.proveBlob(sha256)).toBe('proven');
    expect(await store.lookup({ gitSha1: gitIdOf(bytes) }, bytes.length)).toBe(sha256);
  });

  test('loses its name when it is wrong; its bytes wait in the partial, and its pieces are still known', async () => {
    const store = await open();
    const proof = proofOf(bytes, 8);
    await store.putBytes(bytes, proof);
    const wrong = Buffer.from(bytes);
    wrong[3] = 0;
    await makeWritable(store.blobPath(proof.sha256));
    await writeFile(store.blobPath(proof.sha256), wrong);
    expect(await store.blobState(proof.sha256)).toBe('unproven');
    expect(await store.proveBlob(proof.sha256)).toBe('wrong');
    expect(await store.blobState(proof.sha256)).toBe('absent');
    expect(await store.proveBlob(proof.sha256)).toBe('absent');
    expect(await store.blobProof(proof.sha256)).toEqual(proof);

    const partial = await store.openPartial({ digests: { sha256: proof.sha256 }, sizeBytes: 24 }, { signal });
    expect(await readFile(partial!.dataPath)).toEqual(wrong);
    await expect(stat(partial!.journalPath)).rejects.toThrow('ENOENT');
    await writeFile(partial!.dataPath, bytes);
    await partial!.commit(proof);
    expect(await store.blobState(proof.sha256)).toBe('proven');
  });

  test('leaves the bytes alone that a view shares with it', async () => {
    const store = await open();
    const proof = proofOf(bytes);
    await store.putBytes(bytes, proof);
    const edited = join(store.root, 'view.txt');
    await link(store.blobPath(proof.sha256), edited);
    await makeWritable(edited);
    await writeFile(edited, 'edited by a person');
    expect(await store.proveBlob(proof.sha256)).toBe('wrong');
    const partial = await store.openPartial({ digests: { sha256: proof.sha256 }, sizeBytes: 24 }, { signal });
    await writeFile(partial!.dataPath, bytes);
    await partial!.commit(proof);
    expect(await readFile(edited, 'utf8')).toBe('edited by a person');
  });

  test('stops being hashed when told to', async () => {
    const store = await open();
    await store.putBytes(bytes, proofOf(bytes));
    await expect(store.proveBlob(sha256Of(bytes), AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  test('is no blob when something else stands at its name', async () => {
    const store = await open();
    const { sha256 } = proofOf(bytes);
    await mkdir(store.blobPath(sha256), { recursive: true });
    expect(await store.blobState(sha256)).toBe('absent');
    expect(await store.proveBlob(sha256)).toBe('absent');
  });
});
