import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimOf } from './claim.js';
import { divide, firstShare, nextShare, totalOf, type Claim } from './divide.js';

const claim = (demand: number, share = 0, limit = 100): Claim => ({ limit, demand, share });
const sum = (rates: readonly number[]): number => rates.reduce((all, one) => all + one, 0);

const anyClaim = fc
  .record({
    limit: fc.integer({ min: 1, max: 1e6 }),
    demand: fc.integer({ min: 0, max: 2e6 }),
    share: fc.integer({ min: 0, max: 1e6 }),
  })
  .map((one): Claim => ({ ...one, demand: Math.min(one.limit, one.demand), share: Math.min(one.limit, one.share) }));
const claims = fc.array(anyClaim, { minLength: 1, maxLength: 20 });

describe('a limit that several share', () => {
  it.each([
    ['one has all of it', [claim(10)], [100]],
    ['two who want everything have half each', [claim(100), claim(100)], [50, 50]],
    ['what one does not use goes to the others', [claim(10), claim(100), claim(100)], [10, 45, 45]],
    ['what nobody asked for is there for everybody', [claim(10), claim(20)], [45, 55]],
    ['each stays below its own limit', [claim(5, 0, 5), claim(100)], [5, 95]],
  ])('%s', (_, given, wanted) => {
    expect(divide(given).map(Math.round)).toEqual(wanted);
  });

  it('is never exceeded, is used up as far as their own limits allow, and is fair', () => {
    fc.assert(
      fc.property(claims, (given) => {
        const shares = divide(given);
        const total = totalOf(given);
        expect(sum(shares)).toBeLessThanOrEqual(total * (1 + 1e-9));
        expect(sum(shares)).toBeCloseTo(Math.min(total, sum(given.map(({ limit }) => limit))), 3);
        for (const [index, { limit, demand }] of given.entries()) {
          const share = shares[index] ?? 0;
          expect(share).toBeLessThanOrEqual(limit * (1 + 1e-9));
          // Whoever got less than it asked for got no less than an equal part.
          if (share < Math.min(demand, limit) - 1e-6) {
            expect(share).toBeGreaterThanOrEqual(total / given.length - 1e-6);
            expect(share).toBeGreaterThanOrEqual(Math.max(...shares) - 1e-6);
          }
        }
      }),
    );
  });

  it('is kept at every step in which all see the same, and everybody comes to their part', () => {
    fc.assert(
      fc.property(claims, (given) => {
        let now = given;
        const total = totalOf(given);
        for (let step = 0; step < 6; step += 1) {
          const before = sum(now.map(({ share }) => share));
          now = now.map((one, index) => ({ ...one, share: nextShare([one, ...now.filter((_, at) => at !== index)]) }));
          expect(sum(now.map(({ share }) => share))).toBeLessThanOrEqual(Math.max(before, total) * (1 + 1e-9));
          if (step > 0) expect(sum(now.map(({ share }) => share))).toBeLessThanOrEqual(total * (1 + 1e-9));
        }
        expect(sum(now.map(({ share }) => share))).toBeCloseTo(sum(divide(given)), 3);
      }),
    );
  });

  it('whoever comes later starts low and waits for room', () => {
    const holder = claim(100, 100);
    const joiner = claim(100);
    expect(firstShare([joiner, holder])).toBeLessThan(2);
    expect(nextShare([joiner, holder])).toBe(0);
    expect(nextShare([holder, joiner])).toBe(50);
    expect(nextShare([joiner, { ...holder, share: 50 }])).toBe(50);
  });
});

describe('what another process says', () => {
  it('is believed only where it can be true', () => {
    const value = { limitBytesPerSecond: 10, demandBytesPerSecond: 20, shareBytesPerSecond: 1e9 };
    expect(claimOf(value)).toEqual({ limit: 10, demand: 10, share: 10 });
    for (const wrong of [-1, 1e300, Number.NaN, '1', null, undefined]) {
      for (const field of Object.keys(value)) expect(claimOf({ ...value, [field]: wrong })).toBeUndefined();
    }
    fc.assert(fc.property(fc.anything(), (anything) => void claimOf(anything)));
  });
});
