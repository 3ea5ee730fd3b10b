import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverageOf } from './ledger.js';

const span = (startByte: number, endByte: number) => ({ startByte, endByte, what: 'x' });

describe('the ledger', () => {
  it('names what nobody claimed, at the start, between and at the end', () => {
    expect(coverageOf(10, [span(6, 8), span(1, 3), span(2, 4)])).toEqual({
      sizeBytes: 10,
      attributedBytes: 5,
      unattributed: [
        { startByte: 0, endByte: 1 },
        { startByte: 4, endByte: 6 },
        { startByte: 8, endByte: 10 },
      ],
    });
    expect(coverageOf(0, [])).toEqual({ sizeBytes: 0, attributedBytes: 0, unattributed: [] });
  });

  it('refuses claims outside of the file', () => {
    expect(() => coverageOf(10, [span(5, 11)])).toThrow(RangeError);
    expect(() => coverageOf(10, [span(-1, 1)])).toThrow(RangeError);
    expect(() => coverageOf(10, [span(4, NaN)])).toThrow(RangeError);
    expect(() => coverageOf(10, [span(5, 4)])).toThrow(RangeError);
  });

  it('counts as a painter of single bytes would', () => {
    const spans = fc.array(
      fc.tuple(fc.nat(40), fc.nat(40)).map(([one, other]) => span(Math.min(one, other), Math.max(one, other))),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(spans, (claims) => {
        const painted = new Set(
          claims.flatMap((at) => [...Array(40).keys()].filter((n) => n >= at.startByte && n < at.endByte)),
        );
        const coverage = coverageOf(40, claims);
        expect(coverage.attributedBytes).toBe(painted.size);
        const missing = coverage.unattributed.flatMap((at) =>
          [...Array(40).keys()].filter((n) => n >= at.startByte && n < at.endByte),
        );
        expect(missing).toEqual([...Array(40).keys()].filter((n) => !painted.has(n)));
      }),
    );
  });
});
