import { describe, expect, it } from 'vitest';
import type { FileSource } from '../request/file-source.js';
import { findLate, firstFor, type FrontContext, type FrontRun } from './front.js';

const MIB = 2 ** 20;
interface State {
  readonly active?: number;
  readonly takesMore?: boolean;
  readonly isCounting?: boolean;
}
/** Rates are bytes per millisecond. */
const source = (laneRate: number | undefined, { active = 8, takesMore = true, isCounting = false }: State = {}) =>
  ({
    banned: undefined,
    state: { laneRate, active, takesMore, startMs: 10, health: {}, refusals: { isCounting: () => isCounting } },
  }) as unknown as FileSource;
const fast = source(12_500);
const slow = source(1250);
const run = (from: FileSource, index: number, last: number, mode = 'range'): FrontRun => ({
  ...{ mode, from, index, last },
  leftOfPieceBytes: MIB,
  shrinkTo: () => true,
});
const context = (sources: readonly FileSource[], firstFree: number | undefined = 100): FrontContext => ({
  sources,
  map: { frontIndex: 10, pieceBytes: MIB, firstFreeFrom: () => firstFree },
  wishBytes: 4 * MIB,
  nowMs: 0,
});

describe('where a source looks for work', () => {
  const at = (from: FileSource, sources: readonly FileSource[]): number => firstFor(from, context(sources));

  it('is as far behind the front as it moves while a slow connection brings a piece', () => {
    expect(at(slow, [fast, slow])).toBe(10 + (8 * (12_500 + 1250)) / 1250);
  });

  it('is the first that is missing for fast ones, for one alone, and while nothing is known', () => {
    expect(at(fast, [fast, slow])).toBe(0);
    expect(at(slow, [slow])).toBe(0);
    expect(at(source(undefined), [fast, slow])).toBe(0);
    // Whoever brings nothing (any more) is no measure.
    expect(at(slow, [source(12_500, { active: 0 }), slow])).toBe(0);
  });
});

describe('what is late at the front', () => {
  const both = context([fast, slow]);

  it('is let go of from the first piece on that comes later than the front and a usual request', () => {
    const late = run(slow, 10, 14);
    // 110 MB/s: the front is there after 9.5 ms a piece, this source after 839 ms; a request of ours takes 336.
    expect(findLate([run(slow, 60, 70), late], fast, both)).toEqual({ run: late, last: 10 });
  });

  it('leaves what is still in time', () => {
    const longer = run(fast, 10, 24);
    // 84 ms a piece against 9.5 and 336 at the start: up to the fourth.
    expect(findLate([longer], fast, both)).toEqual({ run: longer, last: 13 });
    expect(findLate([run(fast, 10, 13)], fast, both)).toBeUndefined();
  });

  it('is the first in the file of several, and nothing behind what is free anyway', () => {
    const [first, second] = [run(slow, 12, 20), run(slow, 22, 30)];
    expect(findLate([second, first], fast, both)?.run).toBe(first);
    expect(findLate([first, second], fast, both)?.run).toBe(first);
    expect(findLate([second, first], fast, context([fast, slow], 13))).toBeUndefined();
  });

  it('stays where nothing would be won', () => {
    expect(findLate([run(slow, 10, 10)], fast, both)).toBeUndefined();
    expect(findLate([run(slow, 10, 14, 'whole')], fast, both)).toBeUndefined();
    expect(findLate([run(source(undefined), 10, 14)], fast, both)).toBeUndefined();
    // Whoever would bring it no sooner.
    expect(findLate([run(slow, 10, 14)], source(600), { ...both, wishBytes: MIB / 4 })).toBeUndefined();
  });

  it('stays with a host that counts requests, or may turn out to', () => {
    expect(findLate([run(source(1250, { isCounting: true }), 10, 14)], fast, both)).toBeUndefined();
    expect(findLate([run(source(1250, { takesMore: false }), 10, 14)], fast, both)).toBeUndefined();
  });
});
