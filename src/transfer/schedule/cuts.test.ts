import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cuts, type Course } from './cuts.js';

const MIB = 2 ** 20;

/** Breaks at these bytes and times, one after the other, each as the source would ask then. */
function breakAt(cuts: Cuts, courses: readonly (readonly [bytes: number, ms: number])[], startMs = 0) {
  let endMs = startMs;
  return courses.map(([bytes, ms]) => cuts.broke({ bytes, ms, endMs: (endMs += ms), isAlone: cuts.isAlone }));
}

describe('cuts', () => {
  it('of the same size are found by connections that carry one request, and requests stay below', () => {
    const cuts = new Cuts();
    expect(cuts.requestBytes(1)).toBe(Infinity);
    // What a shared connection had brought before is not known.
    breakAt(cuts, [
      [40 * MIB, 900],
      [9 * MIB, 300],
    ]);
    expect(cuts.isAlone).toBe(true);
    const found = breakAt(cuts, [
      [100 * MIB, 900],
      [99 * MIB, 700],
      [100 * MIB, 2400],
      [101 * MIB, 1300],
    ]).at(-1);
    expect(found).toEqual({ reason: 'size', afterBytes: 100 * MIB, afterMs: 1300, cuts: 4 });
    expect(cuts.requestBytes(undefined)).toBeLessThan(100 * MIB);
    expect(cuts.requestBytes(undefined)).toBeGreaterThan(60 * MIB);
    expect(cuts.isAlone).toBe(true);
  });

  it('that somebody knows of give each request a connection of its own from the start', () => {
    const cuts = new Cuts(2 * MIB);
    expect(cuts.isAlone).toBe(true);
    expect(cuts.requestBytes(1)).toBe(2 * MIB);
    expect(new Cuts().isAlone).toBe(false);
  });

  it('after the same time let through what one connection brings in less', () => {
    const cuts = new Cuts();
    const found = breakAt(cuts, [
      [MIB, 60_000],
      [MIB, 60_000],
      [30 * MIB, 60_000],
      [50 * MIB, 60_000],
      [2 * MIB, 60_100],
      [9 * MIB, 59_000],
    ]).at(-1);
    expect(found).toMatchObject({ reason: 'time', afterMs: 60_000 });
    const perMs = 1000;
    expect(cuts.requestBytes(perMs)).toBeLessThan(60_000 * perMs);
    expect(cuts.requestBytes(perMs * 2)).toBe(cuts.requestBytes(perMs) * 2);
  });

  it('are not what a request got beyond', () => {
    const cuts = new Cuts();
    breakAt(cuts, [
      [5 * MIB, 100],
      [5 * MIB, 100],
    ]);
    cuts.ended({ bytes: 8 * MIB, ms: 4000, endMs: 4200, isAlone: true });
    const found = breakAt(
      cuts,
      [
        [5 * MIB, 100],
        [5 * MIB, 110],
        [5 * MIB, 115],
        [5 * MIB, 120],
      ],
      4200,
    );
    expect(found).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('are not a line that breaks for all connections at once', () => {
    const cuts = new Cuts();
    const course = { bytes: 5 * MIB, ms: 3000, endMs: 3000, isAlone: true };
    for (let count = 0; count < 8; count += 1) expect(cuts.broke({ ...course, endMs: 3000 + count })).toBeUndefined();
  });

  it('that come anywhere, or no more, end the watch', () => {
    const anywhere = new Cuts();
    breakAt(
      anywhere,
      Array.from({ length: 10 }, (_, index) => [(index + 1) * MIB, 2 ** index]),
    );
    expect(anywhere.isAlone).toBe(false);
    const over = new Cuts();
    breakAt(over, [
      [MIB, 100],
      [2 * MIB, 100],
    ]);
    expect(over.isAlone).toBe(true);
    for (let count = 0; count < 24; count += 1) over.ended({ bytes: MIB, ms: 50, endMs: 1000, isAlone: true });
    expect(over.isAlone).toBe(false);
  });

  it('that were found and then come anywhere are forgotten', () => {
    const cuts = new Cuts();
    breakAt(
      cuts,
      Array.from({ length: 6 }, () => [50 * MIB, 5000]),
    );
    expect(cuts.requestBytes(1)).toBeLessThan(50 * MIB);
    breakAt(
      cuts,
      Array.from({ length: 9 }, (_, index) => [(index + 1) * MIB, 300 * 2 ** index]),
      1e6,
    );
    expect(cuts.requestBytes(1)).toBe(Infinity);
  });

  it('that come sooner than was found make requests smaller still, in the end', () => {
    const cuts = new Cuts();
    const at = (bytes: number, count: number) => Array.from({ length: count }, () => [bytes, bytes / 100] as const);
    breakAt(cuts, at(100 * MIB, 5));
    const before = cuts.requestBytes(1);
    cuts.ended({ bytes: before, ms: before / 100, endMs: 6e6, isAlone: true });
    breakAt(cuts, at(20 * MIB, 14), 1e7);
    expect(cuts.requestBytes(1)).toBeLessThan(before / 2);
    expect(cuts.requestBytes(1)).toBeLessThan(20 * MIB);
  });

  it('never let a request be larger than it may be, whatever happened', () => {
    const course: fc.Arbitrary<Course> = fc.record({
      ...{ bytes: fc.nat(200 * MIB), ms: fc.nat(100_000), endMs: fc.nat(1e6), isAlone: fc.boolean() },
    });
    const story = fc.array(fc.tuple(fc.boolean(), course), { maxLength: 60 });
    fc.assert(
      fc.property(fc.option(fc.integer({ min: MIB, max: 64 * MIB }), { nil: undefined }), story, (most, events) => {
        const cuts = new Cuts(most);
        for (const [isWell, each] of events) {
          if (isWell) cuts.ended(each);
          else {
            const found = cuts.broke(each);
            if (found?.reason === 'size') expect(cuts.requestBytes(5)).toBeLessThanOrEqual(found.afterBytes);
          }
          expect(cuts.requestBytes(5)).toBeLessThanOrEqual(most ?? Infinity);
          expect(cuts.requestBytes(5)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 200 },
    );
  });
});
