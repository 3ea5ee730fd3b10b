import { describe, expect, it } from 'vitest';
import type { FileSource } from '../request/file-source.js';
import { firstFor, lateFront, type FrontRun } from './front.js';

const MIB = 2 ** 20;
/** Rates are bytes per millisecond. */
const source = (laneRate: number | undefined, goodput: number, active = 8): FileSource =>
  ({ banned: undefined, state: { laneRate, goodput, active } }) as unknown as FileSource;
const fast = source(12_500, 100_000);
const slow = source(1250, 20_000);
const map = { frontIndex: 10, pieceBytes: MIB };
const run = (from: FileSource, index: number, last: number): FrontRun => ({ mode: 'range', from, index, last });

describe('where a source looks for work', () => {
  it('is as far behind the front as it moves while a slow connection brings a piece', () => {
    expect(firstFor(slow, [fast, slow], map)).toBe(10 + (100_000 + 20_000) / 1250);
  });

  it('is the first that is missing for fast ones, for one alone, and while nothing is known', () => {
    expect(firstFor(fast, [fast, slow], map)).toBe(0);
    expect(firstFor(slow, [slow], map)).toBe(0);
    expect(firstFor(source(undefined, 0), [fast, slow], map)).toBe(0);
    // Whoever brings nothing (any more) is no measure.
    expect(firstFor(slow, [source(12_500, 100_000, 0), slow], map)).toBe(0);
  });
});

describe('what is late at the front', () => {
  it('goes to a faster source, as far as it has not been begun', () => {
    const late = run(slow, 10, 14);
    expect(lateFront([run(slow, 20, 30), late], fast, map)).toBe(late);
  });

  it('stays where nothing would be won', () => {
    expect(lateFront([run(slow, 10, 10)], fast, map)).toBeUndefined();
    expect(lateFront([run(slow, 11, 14)], fast, map)).toBeUndefined();
    expect(lateFront([run(fast, 10, 14)], slow, map)).toBeUndefined();
    expect(lateFront([run(source(undefined, 0), 10, 14)], fast, map)).toBeUndefined();
    expect(lateFront([{ ...run(slow, 10, 14), mode: 'whole' }], fast, map)).toBeUndefined();
  });
});
