import { describe, expect, it } from 'vitest';
import type { Desk, RequestView } from '../files/job.js';
import { SCHEDULE } from '../limits.js';
import { createFileSource } from '../request/file-source.js';
import { Flight } from './flight.js';
import { SourceState } from './source-state.js';
import { findTakeBacks } from './take-back.js';

const MIB = 2 ** 20;
const NOW = 300;
const failure = (): never => {
  throw new Error('not asked');
};

/** Requests of one source, seen for 300 ms at their rates (bytes per millisecond). */
function takenBack(requests: readonly ({ rate: number } & Partial<RequestView>)[]): number[] {
  const state = new SourceState('s', 8);
  for (let index = 0; index < 5; index += 1) state.health.answered(10);
  const from = createFileSource({ id: 's', url: 'http://s.invalid/model', failure }, state);
  const job: Desk = {
    task: { path: 'model' },
    sources: [from],
    isFetching: true,
    freeBytes: 0,
    take: () => undefined,
    split: () => undefined,
    shun: () => undefined,
  };
  const flights = requests.map(({ rate, ...view }, index) => {
    const run = { receivedBytes: 0, lastByteMs: 0 };
    const work = {
      ...{ index, firstByteMs: 0, leftBytes: MIB, spareBytes: 0, keeps: 'loose' as const, isShort: true },
      ...view,
      get receivedBytes() {
        return run.receivedBytes;
      },
      get lastByteMs() {
        return run.lastByteMs;
      },
      run: () => Promise.resolve(),
      abort: () => undefined,
    };
    state.takesNewConnection();
    const flight = new Flight({ job, from, work }, 0, SCHEDULE, { isRedial: false, isFresh: false });
    for (run.lastByteMs = 25; run.lastByteMs <= NOW; run.lastByteMs += 25) {
      run.receivedBytes = rate * run.lastByteMs;
      flight.look(run.lastByteMs);
    }
    return flight;
  });
  return findTakeBacks(flights, { schedule: SCHEDULE, nowMs: NOW, lastByteMs: NOW, isBusyHere: false }).map(({ flight }) => flight.work.index); // prettier-ignore
}

describe('a request that ends soon by itself', () => {
  const fast = { rate: 10_000 };
  // A MiB takes it half a second.
  const slow = { rate: 2000 };

  it('keeps its connection though that is slow', () => {
    expect(takenBack([fast, fast, slow])).toEqual([]);
  });

  it('gives a piece up that a reader waits for', () => {
    expect(takenBack([fast, fast, { ...slow, isAwaited: true }])).toEqual([2]);
  });

  it('brings it where little of the piece is missing, whatever lies behind that', () => {
    const almost = { leftBytes: 8 * MIB, spareBytes: 8 * MIB - 100_000, isAwaited: true };
    expect(takenBack([fast, fast, { ...slow, ...almost }])).toEqual([]);
  });

  it('brings it where no connection does much better', () => {
    expect(takenBack([{ rate: 4000 }, { rate: 4000 }, { ...slow, isAwaited: true }])).toEqual([]);
  });
});
