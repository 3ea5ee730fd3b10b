import { describe, expect, it } from 'vitest';
import { SCHEDULE } from '../limits.js';
import { Health } from './health.js';

function answered(health: Health, roundTripMs: number, times: number): void {
  for (let index = 0; index < times; index += 1) health.answered(roundTripMs);
}

describe('Health', () => {
  it('says once that answers take far longer than before, and once that they do no more', () => {
    const health = new Health(SCHEDULE);
    answered(health, 30, 20);
    expect(health.look()).toBeUndefined();
    answered(health, 260, 4);
    expect(health.look()).toEqual({
      ...{ isDegraded: true, reason: 'round-trip', roundTripMs: 260, earlierRoundTripMs: 30, failedShare: 0 },
    });
    expect(health.look()).toBeUndefined();
    answered(health, 260, 40);
    expect(health.isDegraded).toBe(true);
    answered(health, 35, 4);
    expect(health.look()).toMatchObject({ isDegraded: false, reason: 'recovered' });
  });

  it('does not mind 200 ms more or less, single slow answers, or answers that were always slow', () => {
    const health = new Health(SCHEDULE);
    answered(health, 30, 20);
    answered(health, 220, 4);
    expect(health.look()).toBeUndefined();
    answered(health, 900, 3);
    answered(health, 30, 1);
    expect(health.look()).toBeUndefined();
    const slow = new Health(SCHEDULE);
    answered(slow, 900, 30);
    expect(slow.look()).toBeUndefined();
  });

  it('says that requests fail from 5 % on, not for one of a few', () => {
    const health = new Health(SCHEDULE);
    for (let index = 0; index < 2; index += 1) health.ended(false);
    for (let index = 0; index < 30; index += 1) health.ended(true);
    expect(health.look()).toBeUndefined();
    health.ended(false);
    expect(health.look()).toMatchObject({ isDegraded: true, reason: 'failures', failedShare: 3 / 33 });
    for (let index = 0; index < 40; index += 1) health.ended(true);
    expect(health.look()).toMatchObject({ isDegraded: false });
  });

  it('is silent until something ends well', () => {
    const health = new Health(SCHEDULE);
    health.silent();
    expect(health.look()).toMatchObject({ isDegraded: true, reason: 'silent' });
    health.ended(true);
    expect(health.look()).toMatchObject({ isDegraded: false });
  });
});
