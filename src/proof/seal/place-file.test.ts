import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeFile } from './place-file.js';
import { temporaryBeside } from './temporary.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluice-place-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const OPTIONS = { replace: false, mode: 0o600 };

describe('a file that is placed', () => {
  it('has its name only when it is whole, and leaves nothing when its writer fails', async () => {
    const path = join(folder, 'x');
    const failing = placeFile(path, OPTIONS, async (file) => {
      await file.write('half');
      expect(readdirSync(folder)).toHaveLength(1);
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' });
    });
    await expect(failing).rejects.toMatchObject({ code: 'DISK_FULL', exitCode: 8 });
    expect(readdirSync(folder)).toEqual([]);
    await placeFile(path, OPTIONS, (file) => file.writeFile('whole'));
    expect([readdirSync(folder), readFileSync(path, 'utf8')]).toEqual([['x'], 'whole']);
    await expect(placeFile(path, OPTIONS, (file) => file.writeFile('other'))).rejects.toMatchObject({
      code: 'VIEW_OBSTRUCTED',
    });
    expect([readdirSync(folder), readFileSync(path, 'utf8')]).toEqual([['x'], 'whole']);
  });

  it('takes away what a process that died left of it, and nothing of anybody else', async () => {
    const path = join(folder, 'x');
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const mine = basename(temporaryBeside(path));
    const dead = mine.replace(`-${process.pid}-`, `-${pid}-`);
    const elsewhere = dead.replace(/^x\.[0-9a-f]{12}/, `x.${'0'.repeat(12)}`);
    const others = [mine, elsewhere, dead.replace('x.', 'y.'), 'x.notes.tmp', 'x.sealed'];
    for (const name of [dead, ...others]) writeFileSync(join(folder, name), '');
    await placeFile(path, OPTIONS, (file) => file.writeFile('whole'));
    expect(readdirSync(folder).sort()).toEqual([...others, 'x'].sort());
  });
});
