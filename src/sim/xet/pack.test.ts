import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededContent } from '../seeded-content.js';
import { groupBytes, prefersGrouping } from './bg4.js';
import { firstLiteral, lz4Frame } from './lz4.js';
import { packChunks, type XetCompression } from './pack.js';
import { readFrame, readRecords } from './testing/read-records.js';

const bf16 = seededContent({ seed: 1, sizeBytes: 400_000, style: 'bf16' }).read(0, 400_000);
const random = seededContent({ seed: 1, sizeBytes: 400_000 }).read(0, 400_000);
const ALL: readonly XetCompression[] = ['auto', 'none', 'lz4', 'bg4'];

/** Content with matches near and far, long and short. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 300 })), { maxLength: 30 })
  .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))));

test('whatever is compressed comes back', () => {
  fc.assert(
    fc.property(repetitive, (bytes) => {
      const cut = bytes.subarray(0, 131_072);
      const frame = lz4Frame(cut);
      if (frame !== undefined) {
        expect(frame.length).toBeLessThan(cut.length);
        expect(readFrame(frame).equals(cut)).toBe(true);
      }
      for (const compression of ALL) {
        const { records } = packChunks(cut, cut.length === 0 ? [] : [cut.length], compression);
        expect(Buffer.concat(readRecords(Buffer.from(records)).map((each) => each.bytes)).equals(cut)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test('groups bytes by fours, the rest included', () => {
  const upTo = (count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, index) => index));
  expect([...groupBytes(upTo(10))]).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 3, 7]);
  expect([...groupBytes(upTo(15))]).toEqual([0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11]);
});

test('chooses grouping for weights, not for text, and stores what does not shrink', () => {
  const schemes = (bytes: Uint8Array, compression: XetCompression): number[] =>
    readRecords(Buffer.from(packChunks(bytes, [60_000, 60_000], compression).records)).map(({ scheme }) => scheme);
  const text = Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(4000));
  expect(schemes(bf16.subarray(0, 120_000), 'auto')).toEqual([2, 2]);
  expect(schemes(text.subarray(0, 120_000), 'auto')).toEqual([1, 1]);
  expect(schemes(random.subarray(0, 120_000), 'auto')).toEqual([0, 0]);
  expect(schemes(bf16.subarray(0, 120_000), 'none')).toEqual([0, 0]);
  expect(schemes(text.subarray(0, 120_000), 'bg4')).toEqual([2, 2]);
  expect([prefersGrouping(bf16), prefersGrouping(random)]).toEqual([true, false]);
});

test('weights shrink as much as they do elsewhere', () => {
  const { records } = packChunks(bf16, [100_000, 100_000, 100_000, 100_000], 'auto');
  expect(records.length / bf16.length).toBeGreaterThan(0.8);
  expect(records.length / bf16.length).toBeLessThan(0.9);
});

test('a flipped first literal changes the content and nothing else', () => {
  for (const bytes of [groupBytes(bf16.subarray(0, 60_000)), Buffer.from('abc'.repeat(9000)), Buffer.alloc(100_000)]) {
    const frame = Buffer.from(lz4Frame(bytes) ?? []);
    const at = firstLiteral(frame);
    frame[at] = (frame[at] ?? 0) ^ 0x55;
    const damaged = readFrame(frame);
    expect([damaged.length, damaged.equals(bytes)]).toEqual([bytes.length, false]);
  }
});
