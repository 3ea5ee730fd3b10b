import { symlink, readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { namesBelow, temporaryFolder } from '../testing/fixtures.js';
import { writeHint } from './write-atomic.js';

it('makes a hint and its folder, replaces one that is there, and leaves nothing else', async () => {
  const root = await temporaryFolder();
  const path = join(root, 'a', 'b', 'hint');
  for (const content of ['first, longer', 'second']) {
    await writeHint(path, content, join(root, 'tmp'));
    expect(await readFile(path, 'utf8')).toBe(content);
  }
  expect(await namesBelow(join(root, 'a'))).toEqual(['b/hint']);
  expect(await namesBelow(join(root, 'tmp'))).toEqual([]);
});

it('writes through no link that stands in its place', async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, 'a'));
  await writeFile(join(root, 'other'), 'theirs');
  await symlink('../other', join(root, 'a', 'hint'));
  await writeHint(join(root, 'a', 'hint'), 'ours', join(root, 'tmp'));
  expect(await readFile(join(root, 'other'), 'utf8')).toBe('theirs');
  expect(await readFile(join(root, 'a', 'hint'), 'utf8')).toBe('ours');
});
