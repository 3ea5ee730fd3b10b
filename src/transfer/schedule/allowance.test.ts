import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Allowance } from './allowance.js';

/** Makes `passed` requests and has one more refused, all at `nowMs`. */
function learn(allowance: Allowance, passed: number, nowMs: number, retryAfterMs?: number): void {
  for (let index = 0; index < passed; index += 1) allowance.made(nowMs);
  allowance.made(nowMs + 1);
  allowance.refused(nowMs + 1, nowMs + 10, true, retryAfterMs);
}

describe('Allowance', () => {
  it('holds nothing back before it is known that requests are counted', () => {
    const allowance = new Allowance();
    learn(allowance, 3, 0, 1000);
    expect(allowance.admits(20)).toBe(true);
    allowance.counts = true;
    expect(allowance.admits(20)).toBe(false);
  });

  it('lets as many pass in a window as passed before the refusal', () => {
    const allowance = new Allowance();
    learn(allowance, 5, 0, 2000);
    allowance.counts = true;
    expect(allowance.most).toBe(5);
    expect(allowance.admits(1999)).toBe(false);
    for (let index = 0; index < 5; index += 1) {
      expect(allowance.admits(2001)).toBe(true);
      allowance.made(2001);
    }
    expect(allowance.admits(2002)).toBe(false);
    expect(allowance.admits(4002)).toBe(true);
  });

  it('takes the window for longer when it is refused within what it thought allowed', () => {
    const allowance = new Allowance();
    learn(allowance, 5, 0);
    allowance.counts = true;
    const before = allowance.windowMs;
    learn(allowance, 1, before + 100);
    expect(allowance.windowMs).toBeGreaterThan(before);
  });

  it('tries more when a whole window of what was allowed passed', () => {
    const allowance = new Allowance();
    learn(allowance, 4, 0, 1000);
    allowance.counts = true;
    for (let nowMs = 1100; nowMs < 3000; nowMs += 50) if (allowance.admits(nowMs)) allowance.made(nowMs);
    expect(allowance.most).toBe(6);
  });

  it('uses a host that keeps to its window, and is refused in few of them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }).map((seconds) => seconds * 1000),
        (requests, windowMs) => {
          const allowance = new Allowance();
          allowance.counts = true;
          let startMs = -Infinity;
          let passed = 0;
          let total = 0;
          let refusals = 0;
          for (let nowMs = 0, openMs = 0; nowMs < 60_000; nowMs += 25) {
            while (nowMs >= openMs && allowance.admits(nowMs)) {
              if (nowMs - startMs >= windowMs) [startMs, passed] = [nowMs, 0];
              allowance.made(nowMs);
              if (passed < requests) {
                passed += 1;
                total += 1;
                continue;
              }
              refusals += 1;
              allowance.refused(nowMs, nowMs, true, windowMs);
              openMs = nowMs + windowMs;
            }
          }
          const windows = 60_000 / windowMs;
          expect(total).toBeGreaterThanOrEqual(requests * windows * 0.4);
          expect(refusals).toBeLessThanOrEqual(windows / 2 + 2);
        },
      ),
      { numRuns: 60 },
    );
  });
});
