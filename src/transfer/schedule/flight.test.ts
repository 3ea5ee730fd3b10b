import { describe, expect, it } from 'vitest';
import type { Desk } from '../files/job.js';
import { WholeRequest, workOf } from '../files/request-work.js';
import { SCHEDULE } from '../limits.js';
import { createFileSource } from '../request/file-source.js';
import { Flight } from './flight.js';
import { SourceState } from './source-state.js';

/** A flight that brought `bytes(ms)` in all by then, looked at every 25 ms for 300. */
function flown(bytes: (ms: number) => number): Flight {
  const failure = (): never => {
    throw new Error('not asked');
  };
  const from = createFileSource({ id: 's', url: 'http://s.invalid/model', failure }, new SourceState('s', 8));
  const request = new WholeRequest(1e9, 'whole');
  const job: Desk = {
    task: { path: 'model' },
    sources: [from],
    isFetching: true,
    freeBytes: 0,
    take: () => undefined,
    split: () => undefined,
    shun: () => undefined,
  };
  const work = workOf(request, { run: () => Promise.resolve(), abort: () => undefined });
  const flight = new Flight({ job, from, work }, 0, SCHEDULE, { isRedial: false, isFresh: true });
  for (let ms = 0; ms <= 300; ms += 25) {
    request.received(bytes(ms) - request.receivedBytes, ms);
    flight.look(ms);
  }
  return flight;
}

describe('Flight', () => {
  it('tells a connection in slow start from one that is slow', () => {
    expect(flown((ms) => 1000 * 2 ** (ms / 100)).isSpeedingUp).toBe(true);
    expect(flown((ms) => 300 * ms).isSpeedingUp).toBe(false);
    // Small lumps are not growth.
    expect(flown((ms) => 3000 * Math.floor(ms / 20)).isSpeedingUp).toBe(false);
  });

  it('averages its rate over the window', () => {
    expect(flown((ms) => 300 * ms).rate).toBeCloseTo(300);
  });
});
