import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sliceOf, sourceOfBuffer, sourceOfFile } from './sources.js';

let folder: string | undefined;
afterEach(async () => folder !== undefined && rm(folder, { recursive: true }));

describe('sources of bytes', () => {
  it('give what was asked, of a file, of memory, of a part of either', async () => {
    folder = await mkdtemp(join(tmpdir(), 'sources-'));
    const path = join(folder, 'a');
    await writeFile(path, '0123456789');
    await using file = await open(path);
    for (const source of [sourceOfFile(file, 10), sourceOfBuffer(Buffer.from('0123456789'))]) {
      expect((await source.read(2, 3)).toString()).toBe('234');
      const part = sliceOf(source, 4, 4);
      expect((await part.read(1, 3)).toString()).toBe('567');
      expect(() => sliceOf(source, 8, 3)).toThrow(RangeError);
      expect(() => sliceOf(source, -1, 1)).toThrow(RangeError);
    }
    await expect(sourceOfFile(file, 20).read(5, 10)).rejects.toThrow('ended at 10 of 20');
  });
});
