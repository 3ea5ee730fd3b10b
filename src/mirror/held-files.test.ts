import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Digests } from '../base/index.js';
import { openStore, type Store } from '../store/index.js';
import { HeldFiles } from './held-files.js';

let root: string;
let store: Store;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-held-'));
  store = await openStore(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function put(bytes: Buffer, digests: Digests = {}): Promise<string> {
  const sha256 = sha256Of(bytes);
  await store.putBytes(bytes, { sha256, sizeBytes: bytes.length, digests });
  return sha256;
}

/** What is in memory of a file, undefined where it would be read from the disk, or is not here. */
async function inMemory(held: HeldFiles, digests: Digests, sizeBytes?: number): Promise<Buffer | undefined> {
  return (await held.content(digests, sizeBytes, () => undefined))?.bytes;
}

test('a small file is given from memory, whole or in part, under each digest, and its use is told', async () => {
  const held = new HeldFiles(store, 2 ** 20);
  const bytes = Buffer.from('{"a": 1}');
  const gitSha1 = 'ab'.repeat(20);
  const sha256 = await put(bytes, { gitSha1 });
  const told: string[] = [];
  for (const digests of [{ gitSha1 }, { sha256 }, { sha256 }]) {
    const content = await held.content(digests, bytes.length, (each) => told.push(each));
    expect(content).toMatchObject({ bytes, sizeBytes: bytes.length, status: 'HIT' });
    const read: Buffer[] = [];
    const { signal } = new AbortController();
    for await (const part of content?.read({ startByte: 1, endByte: 4 }, signal) ?? []) read.push(part);
    expect(Buffer.concat(read)).toEqual(bytes.subarray(1, 4));
  }
  expect(told).toEqual([sha256, sha256, sha256]);
  expect(await inMemory(held, { sha256 }, bytes.length + 1)).toBeUndefined();
  expect(await inMemory(held, { sha256: 'c'.repeat(64) }, 1)).toBeUndefined();
});

test('a second after its file became another, was written to, or went, nothing is given from memory; until then the right bytes are', async () => {
  let now = 0;
  const held = new HeldFiles(store, 2 ** 20, undefined, () => now);
  const change: readonly ((path: string) => Promise<unknown>)[] = [
    (path) => rm(path),
    async (path) => {
      await chmod(path, 0o644);
      await writeFile(path, 'other');
    },
    async (path) => {
      // The same size and time, under another inode.
      const { atime, mtime } = await stat(path);
      await writeFile(`${path}.new`, 'x'.repeat(7));
      await utimes(`${path}.new`, atime, mtime);
      await rename(`${path}.new`, path);
    },
  ];
  for (const [index, apply] of change.entries()) {
    const bytes = Buffer.from(`bytes ${index}`);
    const sha256 = await put(bytes);
    // Whole seconds can be set again exactly.
    const at = new Date(1_700_000_000_000);
    await utimes(store.blobPath(sha256), at, at);
    await store.proveBlob(sha256);
    expect(await inMemory(held, { sha256 })).toEqual(bytes);
    await apply(store.blobPath(sha256));
    now += 999;
    expect(await inMemory(held, { sha256 })).toEqual(bytes);
    now += 1;
    expect(await held.content({ sha256 }, bytes.length, () => undefined)).toBeUndefined();
  }
});

test('a byte that the disk changed under its stamp is found when the file is read, and the file is no more here', async () => {
  const bytes = Buffer.from('weights!');
  const sha256 = await put(bytes);
  const path = store.blobPath(sha256);
  await chmod(path, 0o644);
  // Its whole seconds come back exactly.
  const at = new Date(1_700_000_000_000);
  await utimes(path, at, at);
  expect(await store.proveBlob(sha256)).toBe('proven');
  await writeFile(path, 'weights?', { flag: 'r+' });
  await utimes(path, at, at);
  expect(await store.blobState(sha256)).toBe('proven');
  const held = new HeldFiles(store, 2 ** 20);
  expect(await held.content({ sha256 }, bytes.length, () => undefined)).toBeUndefined();
  expect(await store.blobState(sha256)).toBe('absent');
});

test('what was asked for longest ago makes room, and what is long, or would take more than all of it, stays on the disk', async () => {
  const held = new HeldFiles(store, 10_000);
  const digests = await Promise.all(['a', 'b', 'c'].map((fill) => put(Buffer.alloc(3000, fill))));
  const [a = '', b = '', c = ''] = digests;
  const first = await inMemory(held, { sha256: a });
  const second = await inMemory(held, { sha256: b });
  expect(await inMemory(held, { sha256: a })).toBe(first);
  await inMemory(held, { sha256: c });
  expect(await inMemory(held, { sha256: a })).toBe(first);
  const again = await inMemory(held, { sha256: b });
  expect(again).toEqual(second);
  expect(again).not.toBe(second);
  const long = await put(Buffer.alloc(2 ** 20 + 1));
  expect(await held.content({ sha256: long }, undefined, () => undefined)).toMatchObject({
    path: store.blobPath(long),
  });
  expect(await inMemory(held, { sha256: long })).toBeUndefined();
  const off = new HeldFiles(store, 0);
  expect(await off.content({ sha256: a }, 3000, () => undefined)).toMatchObject({ path: store.blobPath(a) });
  expect(await inMemory(off, { sha256: a })).toBeUndefined();
});

test('nothing is here always: nobody is asked for an empty file', async () => {
  const held = new HeldFiles(store, 0);
  const sha256 = createHash('sha256').digest('hex');
  const gitSha1 = createHash('sha1').update('blob 0\0').digest('hex');
  for (const digests of [{ sha256 }, { gitSha1 }]) {
    const content = await held.content(digests, 0, () => undefined);
    expect(content).toMatchObject({ sizeBytes: 0, status: 'HIT' });
    expect(content?.read({ startByte: 0, endByte: 0 }, new AbortController().signal)).toBeDefined();
  }
  expect(await held.content({ sha256: 'a'.repeat(64) }, 0, () => undefined)).toBeUndefined();
});
