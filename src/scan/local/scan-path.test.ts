import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sourceOfBuffer } from '../sources.js';
import { scanFile } from '../scan-file.js';
import { notRead, scanPath } from './scan-path.js';

const SYSTEM = Buffer.from('cos\nsystem\n(Vid\ntR.');
const NUMBER = Buffer.from('8002 4b01 2e'.replaceAll(' ', ''), 'hex');

function folderOf(files: Readonly<Record<string, Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-scan-path-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const never = { signal: new AbortController().signal };

test('every file below a folder is looked into as it would be by itself, in the order of their names', async () => {
  const long = Buffer.concat([Buffer.from('8002 58 00001000'.replaceAll(' ', ''), 'hex'), Buffer.alloc(2 ** 20, 'a')]);
  const files = { 'a.pkl': NUMBER, 'b/bad.pkl': SYSTEM, 'b/long.pkl': Buffer.concat([long, Buffer.from('.')]) };
  const folder = folderOf(files);
  symlinkSync(join(folder, 'b'), join(folder, 'c'));
  symlinkSync(join(folder, 'a.pkl'), join(folder, 'd.pkl'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'e.pkl'));
  const scans = await scanPath(folder, never);
  expect(scans.map(({ path, scan: { verdict } }) => `${path} ${verdict}`)).toEqual([
    'a.pkl CLEAN',
    'b/bad.pkl FINDINGS',
    'b/long.pkl CLEAN',
    'd.pkl CLEAN',
  ]);
  const bytes = files['b/bad.pkl'];
  const alone = await scanFile(sourceOfBuffer(bytes), 'b/bad.pkl');
  expect(scans[1]).toEqual({ path: 'b/bad.pkl', sizeBytes: bytes.length, scan: { ...alone, members: [] } });
});

test('a file that is named itself has its own name', async () => {
  const folder = folderOf({ 'b/bad.pkl': SYSTEM });
  const [only, ...others] = await scanPath(join(folder, 'b', 'bad.pkl'), never);
  expect(others).toEqual([]);
  expect([only?.path, only?.scan.verdict]).toEqual(['bad.pkl', 'FINDINGS']);
});

test('it ends when it is told to, and what nobody read is not clean', async () => {
  const folder = folderOf({ 'a.pkl': NUMBER });
  await expect(scanPath(folder, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  expect(notRead('a', 'why')).toMatchObject({ verdict: 'NOT_SCANNED', findings: [{ evidence: 'why' }] });
});
