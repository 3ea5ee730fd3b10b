import { expect, it } from 'vitest';
import type { Desk, Work } from '../files/job.js';
import { SCHEDULE } from '../limits.js';
import { createFileSource } from '../request/file-source.js';
import { Flight } from './flight.js';
import { Flights } from './flights.js';
import { Handovers } from './handovers.js';
import { SourceState } from './source-state.js';

const MIB = 2 ** 20;

/** How much of requests that have `spareBytes` before them, one of each of so many sources, others are given, when the first has brought so much. */
function shared(rate: number, spareBytes: number, receivedBytes: number, sources = 1): number {
  const flights = new Flights<Desk>();
  const states = new Map<string, SourceState>();
  let sharedBytes = 0;
  const jobs = Array.from({ length: sources }, (_, index) => {
    const state = new SourceState(`s${index}`, 8);
    states.set(state.id, state);
    if (index === 0) state.received(receivedBytes);
    return oneOf(state, rate, spareBytes, flights, (bytes) => (sharedBytes += bytes));
  });
  const handovers = new Handovers(flights, states, SCHEDULE, () => undefined);
  const context = { nowMs: 300, activeOf: () => 1, isOpen: () => true, wishBytes: () => MIB };
  let times = 0;
  while (times < 1000 && handovers.relieve(jobs, context) !== undefined) times += 1;
  return sharedBytes;
}

/** A file with one request under way, of this source. */
function oneOf(
  state: SourceState,
  rate: number,
  spareBytes: number,
  flights: Flights<Desk>,
  onShared: (bytes: number) => void,
): Desk {
  for (let index = 0; index < 5; index += 1) state.health.answered(5);
  state.laneRate = rate;
  state.takesNewConnection();
  const failure = (): never => {
    throw new Error('not asked');
  };
  const from = createFileSource({ id: state.id, url: `http://${state.id}.invalid/model`, failure }, state);
  const run = { receivedBytes: 0, lastByteMs: 0 };
  const work: Work = {
    index: 7,
    firstByteMs: 0,
    leftBytes: spareBytes + MIB,
    spareBytes,
    keeps: 'loose',
    get receivedBytes() {
      return run.receivedBytes;
    },
    get lastByteMs() {
      return run.lastByteMs;
    },
    run: () => Promise.resolve(),
    abort: () => undefined,
  };
  const job: Desk = {
    task: { path: 'model' },
    sources: [from],
    isFetching: true,
    freeBytes: 0,
    take: () => undefined,
    split: (_victim, _from, bytes) => {
      onShared(bytes);
      return work;
    },
    shun: () => undefined,
  };
  const flight = new Flight({ job, from, work }, 0, SCHEDULE, { isRedial: false, isFresh: false });
  flights.add(flight);
  for (run.lastByteMs = 25; run.lastByteMs <= 300; run.lastByteMs += 25) {
    run.receivedBytes = rate * run.lastByteMs;
    flight.look(run.lastByteMs);
  }
  return job;
}

it('shares what is on its way only as far as a twentieth of what came may come twice, and a little', () => {
  const [little, much] = [shared(30_000, 4 * MIB, 0), shared(30_000, 4 * MIB, 200 * MIB)];
  expect(little).toBeGreaterThan(4 * MIB);
  expect(little).toBeLessThanOrEqual(8 * MIB);
  expect(much - little).toBeGreaterThan(7 * MIB);
  expect(much).toBeLessThanOrEqual(18 * MIB);
});

it('shares far more of what cannot be on its way yet', () => {
  expect(shared(300, 40 * MIB, 0)).toBeGreaterThan(200 * MIB);
});

it('has one bound for all sources together, and what any of them brought counts', () => {
  expect(shared(30_000, 4 * MIB, 0, 3)).toBeLessThanOrEqual(8 * MIB);
  expect(shared(30_000, 4 * MIB, 200 * MIB, 3)).toBeGreaterThan(15 * MIB);
  expect(shared(30_000, 4 * MIB, 200 * MIB, 3)).toBeLessThanOrEqual(18 * MIB);
});
