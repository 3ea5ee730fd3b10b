import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chunkListsIn, openStore } from '../index.js';
import { proofOf, temporaryFolder } from '../testing/fixtures.js';

describe('chunk lists', () => {
  test('are read as they were written, whole or from their beginning, by the name of their blob', async () => {
    const store = await openStore(await temporaryFolder());
    const lists = chunkListsIn(store);
    const [one, other] = ['1a'.repeat(32), '2b'.repeat(32)];
    expect(await lists.names()).toEqual([]);
    expect(await lists.read(one)).toBeUndefined();
    await lists.write(one, Buffer.from('before'));
    await lists.write(one, Buffer.from('a list of chunks'));
    await lists.write(other, Buffer.from('another'));
    await mkdir(join(store.root, 'chunks', 'sha256', 'xx'));
    await writeFile(join(store.root, 'chunks', 'sha256', 'xx', 'something else'), '');
    expect([...(await lists.names())].sort()).toEqual([one, other]);
    expect(String(await lists.read(one))).toBe('a list of chunks');
    expect(String(await lists.read(one, 6))).toBe('a list');
    expect(String(await lists.read(one, 1000))).toBe('a list of chunks');
  });

  test('tell where their blob is, as long as it is there, and are under no other names', async () => {
    const store = await openStore(await temporaryFolder());
    const lists = chunkListsIn(store);
    const bytes = Buffer.from('content');
    const { sha256 } = proofOf(bytes);
    expect(await lists.contentPath(sha256)).toBeUndefined();
    await store.putBytes(bytes, proofOf(bytes));
    expect(await lists.contentPath(sha256)).toBe(store.blobPath(sha256));
    await rm(store.blobPath(sha256));
    expect(await lists.contentPath(sha256)).toBeUndefined();
    await expect(lists.write('../../format', bytes)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
