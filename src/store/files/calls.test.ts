import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/fixtures.js';
import { CALLS_IN_PLACE } from './calls-in-place.js';
import { calls } from './calls.js';

describe.each([
  ['by the pool', { ...calls }],
  ['in place', CALLS_IN_PLACE],
])('file calls %s', (_, made) => {
  it('tell what is missing from what fails', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), 'content');
    for (const missing of [join(folder, 'none'), join(folder, 'file', 'below'), join(folder, 'no', 'folder')]) {
      expect(await made.lstatIf(missing)).toBeUndefined();
      expect(await made.readFileIf(missing)).toBeUndefined();
      await expect(made.lstat(missing)).rejects.toHaveProperty('code');
      await made.remove(join(folder, 'none'));
    }
    expect((await made.readFileIf(join(folder, 'file')))?.toString()).toBe('content');
    await expect(made.readFileIf(folder)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(made.lstatIf(join(folder, 'x'.repeat(300)))).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  });

  it('make, write, link and name', async () => {
    const folder = await temporaryFolder();
    const [one, two, three] = ['one', 'two', 'three'].map((name) => join(folder, name)) as [string, string, string];
    const file = await made.open(one, 'wx', 0o444);
    await file.write(Buffer.from('abc'));
    await file.sync();
    const { size, ino } = await file.stat();
    await file.close();
    expect(size).toBe(3n);
    await expect(made.open(one, 'wx')).rejects.toMatchObject({ code: 'EEXIST' });
    await made.link(one, two);
    await expect(made.link(one, two)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await made.lstat(two)).toMatchObject({ ino, nlink: 2n, mode: BigInt(0o100444) });
    await made.symlink('two', three);
    expect(await made.readlink(three)).toBe('two');
    expect((await made.lstat(three)).isSymbolicLink()).toBe(true);
    await made.rename(two, three);
    expect(await readFile(three, 'utf8')).toBe('abc');
    await made.remove(three);
    expect(await made.lstatIf(three)).toBeUndefined();
  });

  it('make folders, one or with all above it', async () => {
    const folder = await temporaryFolder();
    await made.mkdir(join(folder, 'a'));
    await expect(made.mkdir(join(folder, 'a'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(made.mkdir(join(folder, 'b', 'c'))).rejects.toMatchObject({ code: 'ENOENT' });
    await made.mkdir(join(folder, 'b', 'c'), { recursive: true });
    await made.mkdir(join(folder, 'b', 'c'), { recursive: true });
    const opened = await made.open(join(folder, 'b'), 'r');
    await opened.sync();
    await opened.close();
  });

  it('do not look through a symlink', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'real'));
    await symlink('real', join(folder, 'link'));
    await symlink('nowhere', join(folder, 'dangling'));
    expect((await made.lstatIf(join(folder, 'link')))?.isSymbolicLink()).toBe(true);
    expect((await made.lstatIf(join(folder, 'dangling')))?.isSymbolicLink()).toBe(true);
    expect(await made.readFileIf(join(folder, 'dangling'))).toBeUndefined();
  });
});
