import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { namesBelow, temporaryFolder } from '../../testing/fixtures.js';
import { temporariesBeside } from './temporaries.js';

const DAY_S = 86_400;

test('what dead processes left beside a target goes, what live ones use stays', async () => {
  const folder = await temporaryFolder();
  const live = basename(await temporariesBeside()(join(folder, 'a')));
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const left = live.replace(`-${process.pid}-`, `-${dead}-`);
  const foreignYoung = live.replace(/^\.sluice-[0-9a-f]{8}/, '.sluice-00000000');
  const foreignOld = foreignYoung.replace('00000000', '00000001');
  const similar = ['.sluice-mine.tmp', `${left}.x`, 'model.tmp'];
  for (const name of [live, left, foreignYoung, foreignOld, ...similar]) await writeFile(join(folder, name), '');
  const old = Date.now() / 1000 - 2 * DAY_S;
  for (const name of [live, foreignOld, ...similar]) await utimes(join(folder, name), old, old);
  await temporariesBeside()(join(folder, 'a'));
  expect(await namesBelow(folder)).toEqual([live, foreignYoung, ...similar].sort());
});

test('names differ', async () => {
  const folder = await temporaryFolder();
  const name = temporariesBeside();
  const names = await Promise.all(Array.from({ length: 50 }, () => name(join(folder, 'a'))));
  expect(new Set(names).size).toBe(50);
});
