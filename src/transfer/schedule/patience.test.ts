import { expect, it } from 'vitest';
import type { Environment } from '../environment.js';
import type { Job } from '../files/job.js';
import { Patience } from './patience.js';

it('does not take for lack of progress what the bandwidth limit makes readers wait', () => {
  const limiter = { debtMs: 0 };
  const patience = new Patience({ limiter, gate: undefined } as unknown as Environment, 1000);
  const job = { task: { path: 'model.bin' }, sources: [], isFetching: true, progressAtMs: 0 } as unknown as Job;
  const at = (nowMs: number) => patience.judge(job, { nowMs, elapsedMs: 200, active: 1, isCrowdedOut: false })?.code;
  expect(at(900)).toBeUndefined();
  expect(at(1100)).toBe('NO_PROGRESS');
  limiter.debtMs = 5000;
  expect(at(1100)).toBeUndefined();
  expect(at(5900)).toBeUndefined();
  expect(at(6100)).toBe('NO_PROGRESS');
});
