import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { newRecord, type LeaseRecord } from '../lease/lease-record.js';
import { temporaryFolder } from '../testing/fixtures.js';
import { joinLimits } from './roll.js';

const TOKEN = 'ab'.repeat(16);
const PATIENT = { silentMs: 3_600_000, believableMs: 10_000, forgottenMs: 3_600_000 };

async function writeMember(root: string, record: Partial<LeaseRecord> = {}, value: unknown = 'here'): Promise<string> {
  const path = join(root, 'limits', `${TOKEN}.json`);
  await mkdir(join(root, 'limits'), { recursive: true });
  await writeFile(path, `${JSON.stringify({ version: 1, ...newRecord(TOKEN), ...record, value })}\n`);
  return path;
}

test('members hear what the others said last, and nothing of those who left', async () => {
  const root = await temporaryFolder();
  const [one, two, three] = [joinLimits(root), joinLimits(root), joinLimits(root)];
  await Promise.all([one.say({ n: 1 }), two.say({ n: 2 }), three.say({ n: 3 })]);
  expect(new Set(await one.others())).toEqual(new Set([{ n: 2 }, { n: 3 }]));
  await two.say({ n: 22 });
  await three.leave();
  expect(await one.others()).toEqual([{ n: 22 }]);
  await Promise.all([one.leave(), two.leave()]);
  expect(await readdir(join(root, 'limits'))).toEqual([]);
});

test('nobody is there before anybody was', async () => {
  expect(await joinLimits(await temporaryFolder()).others()).toEqual([]);
});

test('a process that was killed is gone at once, and its file too', async () => {
  const root = await temporaryFolder();
  const child = spawn(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const stat = await readFile(`/proc/${child.pid!}/stat`, 'latin1').catch(() => undefined);
  const processStart = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  await writeMember(root, { pid: child.pid!, ...(processStart === undefined ? {} : { processStart }) });
  const roll = joinLimits(root, PATIENT);
  await roll.say({});
  expect(await roll.others()).toEqual(['here']);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await roll.others()).toEqual([]);
  expect(await readdir(join(root, 'limits'))).toHaveLength(1);
});

test('who falls silent does not count, until it speaks again', async () => {
  const root = await temporaryFolder();
  const roll = joinLimits(root, { ...PATIENT, silentMs: 0 });
  const path = await writeMember(root);
  await roll.say({});
  expect(await roll.others()).toEqual(['here']);
  await expect.poll(() => roll.others()).toEqual([]);
  await utimes(path, new Date(), new Date(Date.now() + 5));
  expect(await roll.others()).toEqual(['here']);
});

test.each([
  ['long past', -60_000],
  ['in the future', 60_000],
])('a file whose time is %s is believed once it changes', async (_, offMs) => {
  const root = await temporaryFolder();
  const roll = joinLimits(root, PATIENT);
  await roll.say({});
  const path = await writeMember(root, { host: 'of-a-container' });
  await utimes(path, new Date(), new Date(Date.now() + offMs));
  expect(await roll.others()).toEqual([]);
  await utimes(path, new Date(), new Date(Date.now() + offMs + 5));
  expect(await roll.others()).toEqual(['here']);
});

test('other machines do not count; what nobody wrote for an hour is removed', async () => {
  const root = await temporaryFolder();
  const roll = joinLimits(root);
  await roll.say({});
  const path = await writeMember(root, { host: 'elsewhere', bootId: 'another' });
  expect(await roll.others()).toEqual([]);
  await utimes(path, new Date(), new Date(Date.now() - 3_700_000));
  expect(await roll.others()).toEqual([]);
  expect(await readdir(join(root, 'limits'))).toHaveLength(1);
});

test('files that anybody may have written say nothing and stop nobody', async () => {
  const root = await temporaryFolder();
  const roll = joinLimits(root);
  const good = joinLimits(root);
  await Promise.all([roll.say({}), good.say({ good: true })]);
  const named = (digit: string): string => join(root, 'limits', `${digit.repeat(32)}.json`);
  await writeFile(join(root, 'limits', 'notes.txt'), 'hello');
  await mkdir(named('1'));
  await symlink(named('2'), named('2'));
  await symlink('/dev/zero', named('3'));
  await writeFile(named('4'), '');
  await truncate(named('4'), 2 ** 30);
  // A true record under the name of another.
  await writeFile(named('5'), JSON.stringify({ version: 1, ...newRecord(TOKEN), value: 'no' }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      await writeFile(named('6'), text);
      expect(await roll.others()).toEqual([{ good: true }]);
    }),
    { numRuns: 30 },
  );
  await writeMember(root, {}, { torn: 'x'.repeat(100) });
  await truncate(join(root, 'limits', `${TOKEN}.json`), 150);
  expect(await roll.others()).toEqual([{ good: true }]);
});
