import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { xetKey } from './xet-key.js';

async function temporaryRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-key-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

test('a key is made once, whoever comes at the same time, and for its owner alone', async () => {
  const root = await temporaryRoot();
  const keys = await Promise.all(Array.from({ length: 8 }, () => xetKey(root, undefined)));
  const again = await xetKey(root, undefined);
  expect(new Set([...keys, again].map((key) => Buffer.from(key).toString('hex'))).size).toBe(1);
  expect(again).toHaveLength(32);
  expect((await stat(join(root, 'keys', 'xet'))).mode & 0o777).toBe(0o600);
  expect(await readdir(join(root, 'keys'))).toEqual(['xet']);
  expect(await xetKey(await temporaryRoot(), undefined)).not.toEqual(again);
});

test('a key from the settings is the same everywhere, and not a short one', async () => {
  const one = await xetKey('/nowhere', 'k'.repeat(32));
  expect(await xetKey('/elsewhere', 'k'.repeat(32))).toEqual(one);
  expect(one).toHaveLength(32);
  await expect(xetKey('/nowhere', 'k'.repeat(31))).rejects.toMatchObject({ code: 'BAD_SETTING' });
});

test('a key that is broken is not replaced in silence', async () => {
  const root = await temporaryRoot();
  await xetKey(root, undefined);
  await rm(join(root, 'keys', 'xet'));
  await writeFile(join(root, 'keys', 'xet'), 'short');
  await expect(xetKey(root, undefined)).rejects.toMatchObject({ code: 'FILE_SYSTEM' });
});
