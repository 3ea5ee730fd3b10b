import { describe, expect, it } from 'vitest';
import { SCHEDULE, SERVICE_SCHEDULE } from '../limits.js';
import { Health } from './health.js';

function answered(health: Health, roundTripMs: number, times: number): void {
  for (let index = 0; index < times; index += 1) health.answered(roundTripMs);
}

describe('Health', () => {
  it('says that answers wait in a queue while all of the last ones take much longer than the quickest did, where it is asked to', () => {
    const [asked, unasked] = [new Health(SERVICE_SCHEDULE), new Health(SCHEDULE)];
    const after = (roundTripMs: number, times: number): boolean[] =>
      [asked, unasked].map((health) => {
        answered(health, roundTripMs, times);
        return health.isQueued;
      });
    expect(after(10, 8)).toEqual([false, false]);
    expect(after(13, 4)).toEqual([false, false]);
    expect(after(20, 4)).toEqual([true, false]);
    // However long that has been so.
    expect(after(20, 100)).toEqual([true, false]);
    expect(after(11, 1)).toEqual([false, false]);
    const near = new Health(SERVICE_SCHEDULE);
    answered(near, 1, 8);
    answered(near, 3, 4);
    expect(near.isQueued).toBe(false);
  });

  it('says once that answers take too long while another is nearer, and once that they do no more', () => {
    const health = new Health(SCHEDULE);
    answered(health, 30, 20);
    expect(health.look(40)).toBeUndefined();
    answered(health, 201, 4);
    expect(health.look(40)).toEqual({
      ...{ isDegraded: true, reason: 'round-trip', roundTripMs: 201, earlierRoundTripMs: 30, failedShare: 0 },
    });
    expect(health.burden).toBe(1);
    expect(health.look(40)).toBeUndefined();
    answered(health, 190, 40);
    expect(health.look(40)).toBeUndefined();
    answered(health, 150, 4);
    expect(health.look(40)).toMatchObject({ isDegraded: false, reason: 'recovered' });
  });

  it('says so of one that was always far, as long as another is nearer, and takes nothing off where nobody is', () => {
    const far = new Health(SCHEDULE);
    answered(far, 260, 30);
    for (const othersMs of [Infinity, 230]) {
      expect(far.look(othersMs)).toBeUndefined();
      expect(far.burden).toBe(0);
    }
    expect(far.look(190)).toMatchObject({ isDegraded: true, roundTripMs: 260, earlierRoundTripMs: 260 });
    // The other is late for a moment, and then gone.
    expect(far.look(220)).toBeUndefined();
    expect(far.look(Infinity)).toMatchObject({ isDegraded: false });
  });

  it('does not mind less than 200 ms, nor single slow answers', () => {
    const health = new Health(SCHEDULE);
    answered(health, 30, 20);
    answered(health, 200, 4);
    expect(health.look(40)).toBeUndefined();
    answered(health, 900, 3);
    answered(health, 30, 1);
    expect(health.look(40)).toBeUndefined();
  });

  it('says that requests fail when one of the last ten did, not before there were ten', () => {
    const health = new Health(SCHEDULE);
    health.ended(false);
    for (let index = 0; index < 8; index += 1) health.ended(true);
    expect(health.look(40)).toBeUndefined();
    health.ended(true);
    expect(health.look(40)).toMatchObject({ isDegraded: true, reason: 'failures', failedShare: 0.1 });
    health.ended(true);
    expect(health.look(40)).toMatchObject({ isDegraded: false, failedShare: 0 });
  });

  it('is silent until something ends well', () => {
    const health = new Health(SCHEDULE);
    health.silent();
    expect(health.look(40)).toMatchObject({ isDegraded: true, reason: 'silent' });
    health.ended(true);
    expect(health.look(40)).toMatchObject({ isDegraded: false });
  });
});
