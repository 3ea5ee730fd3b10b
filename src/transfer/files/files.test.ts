import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LandedPiece } from '../journal/journal.js';
import { WRITE_BLOCK_BYTES } from '../limits.js';
import { BlockPool, BlockWriter } from './block-writer.js';
import { doubt } from './suspects.js';

describe('BlockWriter', () => {
  it('writes what it is given, however it is cut', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const cuts = fc.array(fc.integer({ min: 1, max: 3 * WRITE_BLOCK_BYTES }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.nat(1000), async (lengths, start) => {
        const path = join(folder, 'data');
        const handle = await open(path, 'w');
        const pool = new BlockPool();
        const writer = new BlockWriter(handle, pool);
        const chunks = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        let position = start;
        for (const chunk of chunks) {
          const copy = Buffer.from(chunk);
          await writer.write(copy, position);
          // The chunk is the transport's again.
          copy.fill(0xff);
          position += chunk.length;
        }
        await writer.flush();
        await handle.close();
        expect(readFileSync(path).subarray(start).equals(Buffer.concat(chunks))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('reports a failed write at the next flush', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const handle = await open(join(folder, 'data'), 'w');
    await handle.close();
    const writer = new BlockWriter(handle, new BlockPool());
    void writer.write(Buffer.alloc(WRITE_BLOCK_BYTES + 5), 0);
    await expect(writer.flush()).rejects.toMatchObject({ name: 'SluiceError' });
  });
});

describe('doubt', () => {
  const piece = (index: number, source: string, extra: Partial<LandedPiece> = {}): [number, LandedPiece] => [
    index,
    { index, source, digest: '', atMs: 100, ms: 0, retries: 0, ...extra },
  ];

  it('believes the one that gave most first, then the other, then nobody', () => {
    const landed = new Map([piece(0, 'a'), piece(1, 'a'), piece(2, 'b')]);
    expect([...doubt(landed, ['a', 'b'], 0)]).toEqual([
      { indexes: [2], source: 'a' },
      { indexes: [0, 1], source: 'b' },
      { indexes: [0, 1], source: 'a' },
      { indexes: [2], source: 'b' },
    ]);
  });

  it('looks first at pieces that were there before and at those that took several tries', () => {
    const landed = new Map([piece(0, 'a'), piece(1, 'a', { retries: 1 }), piece(2, 'a', { atMs: 1 })]);
    expect([...doubt(landed, ['a'], 50)]).toEqual([{ indexes: [2, 1, 0], source: 'a' }]);
  });

  it('asks for every piece of every source once, in growing rounds', () => {
    const landed = new Map(Array.from({ length: 100 }, (_, index) => piece(index, 'a')));
    const rounds = [...doubt(landed, ['a'], 0)];
    expect(rounds.map(({ indexes }) => indexes.length)).toEqual([8, 16, 32, 44]);
    expect(new Set(rounds.flatMap(({ indexes }) => indexes)).size).toBe(100);
  });
});
