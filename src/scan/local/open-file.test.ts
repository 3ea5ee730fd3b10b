import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openArrived } from './open-file.js';
import { IN_PLACE_BYTES, readInPlace } from './read-in-place.js';

function fileOf(bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-in-place-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  return path;
}

test('files are read whole, one after the other and several at a time, each into memory of its own', async () => {
  const contents = [0, 1, 70_000, IN_PLACE_BYTES].map((length, at) => Buffer.alloc(length, at + 1));
  for (let round = 0; round < 2; round += 1) {
    const opened = await Promise.all(contents.map((content) => openArrived(fileOf(content), content.length)));
    for (const [at, { bytes }] of opened.entries()) {
      expect(bytes.sizeBytes).toBe(contents[at]?.length);
      expect((await bytes.read(0, bytes.sizeBytes)).equals(contents[at] ?? Buffer.alloc(0))).toBe(true);
    }
    for (const { close } of opened) await close();
  }
});

test('memory that was given back twice is lent once', async () => {
  const [one, two] = [fileOf(Buffer.from('one')), fileOf(Buffer.from('two'))];
  const first = readInPlace(one);
  await first?.close();
  await first?.close();
  const opened = [readInPlace(one), readInPlace(two)];
  const texts = await Promise.all(opened.map(async (each) => (await each?.bytes.read(0, 3))?.toString()));
  expect(texts).toEqual(['one', 'two']);
  for (const each of opened) await each?.close();
});

test('a file that is longer than it was said to be is read to its end all the same', async () => {
  const content = Buffer.alloc(IN_PLACE_BYTES + 1, 7);
  const path = fileOf(content);
  expect(readInPlace(path)).toBeUndefined();
  const { bytes, close } = await openArrived(path, 10);
  expect(bytes.sizeBytes).toBe(content.length);
  await close();
});

test('a file that is not there is told', async () => {
  await expect(openArrived(join(tmpdir(), 'sluice-no-such-file'), 10)).rejects.toMatchObject({ code: 'ENOENT' });
});
