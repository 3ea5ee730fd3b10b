import { expect, it } from 'vitest';
import type { Desk } from '../files/job.js';
import { SCHEDULE } from '../limits.js';
import { createFileSource } from '../request/file-source.js';
import { Flight } from './flight.js';
import { findRelief } from './relief.js';
import { SourceState } from './source-state.js';

/** The last request of a source, at its last piece, after others have come to their end at `usual` bytes per millisecond. */
function reliefOfLast(rate: number, usual: number, leftBytes: number) {
  const state = new SourceState('s', 8);
  for (let index = 0; index < 5; index += 1) state.health.answered(20);
  state.finished(usual);
  state.laneRate = rate;
  for (let index = 0; index < 4; index += 1) state.takesNewConnection();
  state.active = 1;
  const failure = (): never => {
    throw new Error('not asked');
  };
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
  const run = { receivedBytes: 0, lastByteMs: 0 };
  const work = {
    index: 7,
    firstByteMs: 0,
    leftBytes,
    spareBytes: 0,
    keeps: 'loose' as const,
    get receivedBytes() {
      return run.receivedBytes;
    },
    get lastByteMs() {
      return run.lastByteMs;
    },
    run: () => Promise.resolve(),
    abort: () => undefined,
  };
  const flight = new Flight({ job, from, work }, 0, SCHEDULE, { isRedial: false, isFresh: false });
  for (run.lastByteMs = 25; run.lastByteMs <= 300; run.lastByteMs += 25) {
    run.receivedBytes = rate * run.lastByteMs;
    flight.look(run.lastByteMs);
  }
  return findRelief([flight], from, { schedule: SCHEDULE, nowMs: 300, handedOver: () => 0 });
}

it('takes the last piece from a connection that is far slower than those of its source that have ended', () => {
  const relief = reliefOfLast(300, 10_000, 500_000);
  expect(relief).toMatchObject({ splitBytes: undefined });
  expect(relief?.thenMs).toBeLessThan((relief?.leftMs ?? 0) / 4);
});

it('leaves it with a connection that is as good as the others were', () => {
  expect(reliefOfLast(5000, 10_000, 5_000_000)).toBeUndefined();
});
