import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lostTime, type Delay, type Passage } from './lost-time.js';

const MB = 1_000_000;

describe('the time that is lost', () => {
  it('goes to the narrowest passage as far as the next one lets it', () => {
    const { lost, expectedMs, possibleMs } = lostTime(
      100 * MB,
      [],
      [
        { name: 'cap', bytesPerSecond: 5 * MB, mendedBytesPerSecond: 80 * MB },
        { name: 'disk', bytesPerSecond: 20 * MB, mendedBytesPerSecond: 500 * MB },
      ],
    );
    expect(expectedMs).toBe(20_000);
    expect(possibleMs).toBe(1_250);
    expect([...lost]).toEqual([
      ['cap', 15_000],
      ['disk', 3_750],
    ]);
  });

  it('is not charged to what is slow and not in the way', () => {
    const passages = [
      { name: 'line', bytesPerSecond: MB, mendedBytesPerSecond: MB },
      { name: 'disk', bytesPerSecond: 20 * MB, mendedBytesPerSecond: 500 * MB },
    ];
    expect(lostTime(100 * MB, [], passages).lost.size).toBe(0);
  });

  it('of delays is what they take beyond the usual', () => {
    const delays = [{ name: 'names', ms: 2_000, usualMs: 20 }];
    const { lost, expectedMs, possibleMs } = lostTime(0, delays, []);
    expect([expectedMs, possibleMs, lost.get('names')]).toEqual([2_000, 20, 1_980]);
  });

  it('adds up to the difference between what is expected and what is possible, and nobody is charged less than nothing', () => {
    const rate = fc.integer({ min: 1, max: 2_000 * MB });
    const passage: fc.Arbitrary<Passage<number>> = fc
      .record({ bytesPerSecond: rate, mendedBytesPerSecond: rate })
      .map((each) => ({ ...each, name: 0 }));
    const delay: fc.Arbitrary<Delay<number>> = fc
      .record({ ms: fc.nat(60_000), usualMs: fc.nat(1_000) })
      .map((each) => ({ ...each, name: 0 }));
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.array(delay), fc.array(passage), (sizeBytes, delays, passages) => {
        const named = <T>(all: readonly T[], from: number): T[] =>
          all.map((each, name) => ({ ...each, name: name + from }));
        const { lost, expectedMs, possibleMs } = lostTime(sizeBytes, named(delays, 0), named(passages, delays.length));
        const sum = [...lost.values()].reduce((total, ms) => total + ms, 0);
        for (const ms of lost.values()) expect(ms).toBeGreaterThan(0);
        expect(sum).toBeCloseTo(expectedMs - possibleMs, 0);
      }),
    );
  });
});
