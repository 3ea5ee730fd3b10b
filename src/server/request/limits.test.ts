import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crowd } from './crowd.js';
import { Rates } from './rate.js';

describe('a rate', () => {
  it('lets so many a minute come at once, and then as they refill', () => {
    let now = 0;
    const rates = new Rates(() => now);
    for (let index = 0; index < 60; index += 1) expect(rates.take('a', 60)).toBe(0);
    expect(rates.take('a', 60)).toBe(1000);
    expect(rates.take('b', 60)).toBe(0);
    now = 500;
    expect(rates.take('a', 60)).toBe(500);
    now = 1000;
    expect(rates.waitMs('a', 60)).toBe(0);
    expect(rates.take('a', 60)).toBe(0);
    expect(rates.take('a', 60)).toBeGreaterThan(0);
  });

  it('is kept by nobody for longer than a burst and the time that went by', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.array(fc.nat(5000), { maxLength: 200 }), (perMinute, gaps) => {
        let now = 0;
        let taken = 0;
        const rates = new Rates(() => now);
        for (const gap of gaps) {
          now += gap;
          if (rates.take('a', perMinute) === 0) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(perMinute + (now / 60_000) * perMinute + 1e-6);
      }),
    );
  });
});

describe('a crowd', () => {
  it('counts by client and in all, and lets each go once', () => {
    const crowd = new Crowd();
    const leave = crowd.enter('a');
    crowd.enter('a');
    crowd.enter('b');
    expect([crowd.of('a'), crowd.of('b'), crowd.size]).toEqual([2, 1, 3]);
    leave();
    leave();
    expect([crowd.of('a'), crowd.size]).toEqual([1, 2]);
  });
});
