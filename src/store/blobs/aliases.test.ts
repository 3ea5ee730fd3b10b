import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { calls } from '../files/calls.js';
import { layoutOf, type Layout } from '../layout.js';
import { openStore } from '../open-store.js';
import type { Store } from '../port.js';
import { gitIdOf, proofOf, temporaryFolder } from '../testing/fixtures.js';

const USUAL = { ...calls };
afterEach(() => {
  Object.assign(calls, USUAL);
});

const bytes = Buffer.from('{"vocab":1}');
const proof = proofOf(bytes);

async function setUp(): Promise<{ store: Store; layout: Layout; alias: string }> {
  const root = join(await temporaryFolder(), 'store');
  const layout = layoutOf(root);
  return { store: await openStore(root), layout, alias: layout.alias('gitSha1', gitIdOf(bytes)) };
}

const found = (store: Store): Promise<string | undefined> => store.lookup({ gitSha1: gitIdOf(bytes) }, bytes.length);

test('an alias is another name of the stamp', async () => {
  const { store, layout, alias } = await setUp();
  await store.putBytes(bytes, proof);
  expect((await stat(alias)).ino).toBe((await stat(layout.stamp(proof.sha256))).ino);
  expect(await found(store)).toBe(proof.sha256);
});

test('it stays right when the stamp is replaced', async () => {
  const { store, layout } = await setUp();
  await store.putBytes(bytes, proof);
  await writeFile(layout.stamp(proof.sha256), '');
  expect(await store.proveBlob(proof.sha256)).toBe('proven');
  expect(await found(store)).toBe(proof.sha256);
});

test('where names cannot be added it is a file of its own', async () => {
  const { store, layout, alias } = await setUp();
  calls.link = () => Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' }));
  await store.putBytes(bytes, proof);
  expect((await stat(alias)).ino).not.toBe((await stat(layout.stamp(proof.sha256))).ino);
  expect(await found(store)).toBe(proof.sha256);
});

test('one that another content left there is replaced', async () => {
  const { store, alias } = await setUp();
  await store.putBytes(bytes, proof);
  await writeFile(alias, `${'ab'.repeat(32)} ${bytes.length}\n`);
  // That was the stamp as well: without it the blob is looked at again.
  expect(await store.proveBlob(proof.sha256)).toBe('proven');
  expect(await found(store)).toBe(proof.sha256);
});
