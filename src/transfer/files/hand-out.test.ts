import { describe, expect, it } from 'vitest';
import { PieceMap } from '../pieces/piece-map.js';
import { HandOut } from './hand-out.js';

const MIB = 1024 * 1024;
const make = (begun: readonly number[] = []): { map: PieceMap; handOut: HandOut } => {
  const map = new PieceMap(8 * MIB, MIB);
  return { map, handOut: new HandOut(map, (index) => begun.includes(index)) };
};

describe('HandOut', () => {
  it('gives about what is wished for, the first missing pieces first', () => {
    const { handOut } = make();
    expect(handOut.take('a', 2.9 * MIB, 0)).toEqual({ first: 0, last: 1 });
    expect(handOut.take('a', 10, 0)).toEqual({ first: 2, last: 2 });
    expect(handOut.take('a', 99 * MIB, 0)).toEqual({ first: 3, last: 7 });
    expect(handOut.take('a', MIB, 0)).toBeUndefined();
  });

  it('gives what somebody waits for first, and nothing beyond where that ends', () => {
    const { map, handOut } = make();
    map.land(4);
    const urgent = [
      { first: 4, last: 5 },
      { first: 2, last: 2 },
    ];
    expect(handOut.takeUrgent('a', MIB, 0, urgent)).toEqual({ first: 5, last: 5 });
    expect(handOut.takeUrgent('a', MIB, 0, urgent)).toEqual({ first: 2, last: 2 });
    expect(handOut.takeUrgent('a', MIB, 0, urgent)).toBeUndefined();
    expect(handOut.take('a', MIB, 0)).toEqual({ first: 0, last: 0 });
  });

  it('begins a run with a piece that has a beginning, and ends one before it', () => {
    const { handOut } = make([2]);
    expect(handOut.take('a', 5 * MIB, 0)).toEqual({ first: 0, last: 1 });
    expect(handOut.take('a', 5 * MIB, 0)).toEqual({ first: 2, last: 6 });
  });

  it('does not give a piece back to whom it was taken from, for a while', () => {
    const { map, handOut } = make();
    const share = handOut.take('slow', 2 * MIB, 0);
    if (share === undefined) throw new Error('nothing was given');
    handOut.shun(share, 'slow', 2000);
    map.giveBack(0);
    map.giveBack(1);
    expect(handOut.take('slow', 9 * MIB, 1999)).toEqual({ first: 2, last: 7 });
    expect(handOut.take('fast', MIB, 1999)).toEqual({ first: 0, last: 0 });
    expect(handOut.take('slow', MIB, 2000)).toEqual({ first: 1, last: 1 });
  });

  it('gives from a place on, and the last piece where nothing is free from there', () => {
    const { map, handOut } = make();
    expect(handOut.take('slow', 2 * MIB, 0, 5)).toEqual({ first: 5, last: 6 });
    map.take(7);
    expect(handOut.take('slow', 2 * MIB, 0, 5)).toEqual({ first: 4, last: 4 });
    handOut.shun({ first: 3, last: 3 }, 'slow', 2000);
    expect(handOut.take('slow', 2 * MIB, 0, 99)).toEqual({ first: 2, last: 2 });
    expect(handOut.take('fast', 9 * MIB, 0)).toEqual({ first: 0, last: 1 });
  });

  it('frees what a request lets go of, unless that was begun after all', () => {
    const { map, handOut } = make();
    handOut.take('a', 99 * MIB, 0);
    const run = { index: 0, last: 7, shrinkTo: (last: number): boolean => last > 2 };
    expect(handOut.trim(run, 1)).toBe(false);
    expect(map.freeCount).toBe(0);
    expect(handOut.trim(run, 3)).toBe(true);
    expect([map.freeCount, map.firstFreeFrom(0)]).toEqual([4, 4]);
  });

  it('splits off the last pieces that are not begun, never the one under way', () => {
    const { handOut } = make();
    const run = {
      index: 1,
      last: 4,
      shrinkTo: (last: number): boolean => {
        run.last = last;
        return true;
      },
    };
    expect(handOut.split(run, 1.6 * MIB)).toEqual({ first: 3, last: 4 });
    expect(handOut.split(run, 99 * MIB)).toEqual({ first: 2, last: 2 });
    expect(handOut.split(run, MIB)).toBeUndefined();
    expect(run.last).toBe(1);
  });
});
