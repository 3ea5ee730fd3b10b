import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { LocalFiles } from './local-files.js';

afterEach(() => vi.restoreAllMocks());

test('files are read alike, in place and by threads when there was waiting for them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-local-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'file');
  writeFileSync(path, 'content');
  let nowMs = 0;
  let stepMs = 1;
  vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += stepMs));
  const files = new LocalFiles();
  const textOf = async (): Promise<string> => {
    const { bytes, close } = await files.open(path, await files.sizeOf(path));
    const text = (await bytes.read(0, bytes.sizeBytes)).toString();
    await close();
    return text;
  };
  for (let count = 0; count < 50; count += 1) expect(await textOf()).toBe('content');
  expect(files.isInPlace).toBe(true);
  stepMs = 30;
  for (let count = 0; count < 3; count += 1) expect(await textOf()).toBe('content');
  expect(files.isInPlace).toBe(false);
  await expect(files.sizeOf(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
