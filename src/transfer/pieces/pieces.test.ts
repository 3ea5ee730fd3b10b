import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pieceBytesFor } from './piece-size.js';
import { PieceMap } from './piece-map.js';

const MIB = 1024 * 1024;

describe('the end of a request', () => {
  it('is no further than it may be, makes headway, and stands between pieces where it can', () => {
    const map = new PieceMap(20 * MIB - 7, MIB);
    fc.assert(
      fc.property(fc.nat(20 * MIB - 8), fc.nat(19), fc.integer({ min: 1, max: 30 * MIB }), (start, more, most) => {
        const last = Math.min(19, Math.floor(start / MIB) + more);
        const end = map.requestEnd(start, last, most);
        expect(end).toBeGreaterThan(start);
        expect(end - start).toBeLessThanOrEqual(most);
        expect(end).toBeLessThanOrEqual(map.endOf(last));
        if (most >= MIB && end !== map.endOf(last)) expect(end % MIB).toBe(0);
      }),
    );
  });
});

describe('pieceBytesFor', () => {
  it('is a power of two from 1 to 64 MiB', () => {
    const sizes = [1, 512 * MIB, 513 * MIB, 2048 * MIB, 2049 * MIB, 131_072 * MIB, 131_073 * MIB, 1e15];
    expect(sizes.map((size) => pieceBytesFor(size) / MIB)).toEqual([1, 1, 2, 4, 8, 8, 16, 64]);
  });
});

describe('PieceMap', () => {
  it('hands out runs in order, and first what came back', () => {
    const map = new PieceMap(10 * MIB, MIB);
    expect(map.takeRun(3)).toEqual({ first: 0, count: 3 });
    expect(map.takeRun(2)).toEqual({ first: 3, count: 2 });
    map.giveBack(1);
    expect(map.takeRun(4)).toEqual({ first: 1, count: 1 });
    expect(map.takeRun(99)).toEqual({ first: 5, count: 5 });
    expect(map.takeRun(1)).toBeUndefined();
  });

  it('hands out from a place on, without losing what is before it', () => {
    const map = new PieceMap(6 * MIB, MIB);
    expect(map.takeRun(2, 3)).toEqual({ first: 3, count: 2 });
    expect([map.firstFreeFrom(3), map.firstFreeFrom(6)]).toEqual([5, undefined]);
    expect(map.takeRun(9)).toEqual({ first: 0, count: 3 });
  });

  it('knows its frontier, also after pieces were dropped', () => {
    const map = new PieceMap(3 * MIB - 1, MIB);
    map.land(2);
    expect(map.frontierBytes).toBe(0);
    map.land(0);
    map.land(1);
    expect([map.frontierBytes, map.isComplete, map.landedBytes]).toEqual([3 * MIB - 1, true, 3 * MIB - 1]);
    map.drop(1);
    expect([map.frontierBytes, map.isComplete, map.landedBytes]).toEqual([MIB, false, 2 * MIB - 1]);
    expect(map.takeRun(5)).toEqual({ first: 1, count: 1 });
  });

  it('gives nothing out that nobody wants, until somebody does', () => {
    const map = new PieceMap(6 * MIB, MIB);
    map.take(5);
    map.want((index) => index === 2 || index === 3);
    expect([map.freeCount, map.isFree(0), map.firstFreeFrom(0), map.firstFreeFrom(4)]).toEqual([
      2,
      false,
      2,
      undefined,
    ]);
    expect(map.takeRun(9)).toEqual({ first: 2, count: 2 });
    map.giveBack(5);
    expect([map.freeCount, map.takeRun(9)]).toEqual([0, undefined]);
    map.giveBack(3);
    map.want((index) => index < 4);
    expect([map.takeRun(9), map.takeRun(9)]).toEqual([
      { first: 0, count: 2 },
      { first: 3, count: 1 },
    ]);
  });

  it('counts the same as a plain list of states would', () => {
    const action = fc.record({
      what: fc.constantFrom('run', 'take', 'giveBack', 'land', 'drop', 'want'),
      index: fc.nat(19),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const map = new PieceMap(20 * MIB - 7, MIB);
        const states = Array.from({ length: 20 }, () => 'free');
        let wantedFrom = 0;
        const free = (): number[] => states.flatMap((state, at) => (state === 'free' && at >= wantedFrom ? [at] : []));
        for (const { what, index } of actions) {
          if (what === 'run') {
            const run = map.takeRun(3);
            expect(run?.first).toBe(free()[0]);
            if (run) states.fill('taken', run.first, run.first + run.count);
          } else if (what === 'take') {
            expect(map.take(index)).toBe(states[index] === 'free');
            if (states[index] === 'free') states[index] = 'taken';
          } else if (what === 'want') {
            wantedFrom = index;
            map.want((at) => at >= wantedFrom);
          } else if (what === 'giveBack') {
            map.giveBack(index);
            if (states[index] === 'taken') states[index] = 'free';
          } else if (what === 'land') {
            map.land(index);
            states[index] = 'landed';
          } else {
            map.drop(index);
            if (states[index] === 'landed') states[index] = 'free';
          }
          const frontier = states.findIndex((state) => state !== 'landed');
          expect(map.frontierBytes).toBe(frontier < 0 ? 20 * MIB - 7 : frontier * MIB);
          expect(map.freeCount).toBe(free().length);
          expect(map.isComplete).toBe(frontier < 0);
        }
      }),
    );
  });
});
