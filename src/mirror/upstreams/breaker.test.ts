import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../base/index.js';
import { Breaker, type BreakerState } from './breaker.js';

const DOWN = new SluiceError('CONNECT', { host: 'hub' });

function rig() {
  const clock = { ms: 0 };
  const changes: string[] = [];
  const breaker = new Breaker({
    maxFails: 3,
    failMs: 1000,
    now: () => clock.ms,
    changed: (state, reason) => changes.push(reason === undefined ? state : `${state} ${reason.code}`),
  });
  const fail = (times: number): void => {
    for (let time = 0; time < times; time += 1) {
      breaker.enter();
      breaker.failed(DOWN);
    }
  };
  return { clock, changes, breaker, fail };
}

describe('a breaker', () => {
  test('lets questions through until so many in a row have failed, and then none for its time', () => {
    const { clock, changes, breaker, fail } = rig();
    fail(2);
    breaker.succeeded();
    fail(2);
    expect([breaker.state, breaker.enter()]).toEqual(['closed', undefined]);
    fail(1);
    expect([breaker.state, breaker.enter()]).toEqual(['open', DOWN]);
    clock.ms = 999;
    expect(breaker.enter()).toBe(DOWN);
    expect(changes).toEqual(['open CONNECT']);
  });

  test('lets one question find out whether it is back', () => {
    const { clock, changes, breaker, fail } = rig();
    fail(3);
    clock.ms = 1000;
    expect(breaker.state).toBe('half-open');
    expect([breaker.enter(), breaker.enter()]).toEqual([undefined, DOWN]);
    breaker.failed(DOWN);
    expect([breaker.state, breaker.enter()]).toEqual(['open', DOWN]);
    clock.ms = 2000;
    expect(breaker.enter()).toBeUndefined();
    // It was called off, and told nothing.
    breaker.released();
    expect([breaker.state, breaker.enter()]).toEqual(['half-open', undefined]);
    breaker.succeeded();
    expect([breaker.state, breaker.enter(), breaker.reason]).toEqual(['closed', undefined, undefined]);
    expect(changes).toEqual(['open CONNECT', 'half-open', 'open CONNECT', 'half-open', 'closed']);
  });

  test('lets questions through exactly while it is not open, and never stays shut for good', () => {
    const step = fc.oneof(
      fc.constantFrom('enter', 'succeeded', 'failed', 'released'),
      fc.integer({ min: 1, max: 1500 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, breaker } = rig();
        let underway = 0;
        let state: BreakerState = 'closed';
        for (const each of steps) {
          state = breaker.state;
          if (typeof each === 'number') clock.ms += each;
          else if (each === 'enter') {
            const isIn = breaker.enter() === undefined;
            if (isIn) underway += 1;
            if (state !== 'half-open') expect(isIn).toBe(state === 'closed');
          } else if (underway > 0) {
            underway -= 1;
            if (each === 'failed') breaker.failed(DOWN);
            else breaker[each]();
          }
        }
        // Whatever was under way ends, and time passes.
        breaker.released();
        clock.ms += 1000;
        expect(breaker.enter()).toBeUndefined();
      }),
    );
  });
});
