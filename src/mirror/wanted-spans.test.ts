import { describe, expect, it } from 'vitest';
import { isWorthAll, spansOf, withReadAhead } from './wanted-spans.js';

const MIB = 2 ** 20;
const GB = 1e9;

describe('a file is fetched whole', () => {
  it.each([
    ['it is small', 8 * MIB, { startByte: 5, endByte: 6 }, 1, true],
    ['all of it is read', 50 * GB, { startByte: 0, endByte: 50 * GB }, 50 * GB, true],
    ['a client goes on with it', 50 * GB, { startByte: 49 * GB, endByte: 50 * GB }, GB, true],
    ['many parts of it were asked for', 50 * GB, { startByte: 0, endByte: GB }, 13 * GB, true],
    ['but not for its header', 50 * GB, { startByte: 0, endByte: 100_000 }, 100_000, false],
    ['nor for its last bytes', 50 * GB, { startByte: 50 * GB - 100, endByte: 50 * GB }, 100, false],
    ['nor for a long part', 50 * GB, { startByte: GB, endByte: 9 * GB }, 8 * GB, false],
  ])('%s', (_, sizeBytes, span, askedBytes, expected) => {
    expect(isWorthAll(sizeBytes, span, askedBytes)).toBe(expected);
  });
});

it('as much again is fetched behind what is asked for, up to 8 MiB and the end of the file', () => {
  expect(withReadAhead(GB, { startByte: 10, endByte: 110 })).toEqual({ startByte: 10, endByte: 210 });
  expect(withReadAhead(GB, { startByte: 0, endByte: 100 * MIB }).endByte).toBe(108 * MIB);
  expect(withReadAhead(1000, { startByte: 500, endByte: 900 }).endByte).toBe(1000);
});

it('whoever waits comes first, each place counts once and as far as anybody reads from it, and who has all counts not', () => {
  const readings = [
    { atByte: 50, endByte: 90, isWaiting: false },
    { atByte: 10, endByte: 20, isWaiting: true },
    { atByte: 10, endByte: 40, isWaiting: true },
    { atByte: 70, endByte: 70, isWaiting: true },
  ];
  expect(spansOf(readings)).toEqual([
    { startByte: 10, endByte: 40 },
    { startByte: 50, endByte: 90 },
  ]);
});
