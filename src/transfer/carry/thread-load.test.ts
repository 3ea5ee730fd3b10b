import { expect, test } from 'vitest';
import { ThreadLoad } from './thread-load.js';

/** A thread that passes its time as told, and counts it as `performance.eventLoopUtilization` does. */
function thread() {
  let [active, idle] = [0, 0];
  return {
    pass: (activeMs: number, idleMs: number): void => {
      active += activeMs;
      idle += idleMs;
    },
    eventLoopUtilization: (now?: Omit<Spent, 'utilization'>, before?: Omit<Spent, 'utilization'>): Spent => {
      const to = now ?? { active, idle };
      const from = before ?? { active: 0, idle: 0 };
      const [busy, waited] = [to.active - from.active, to.idle - from.idle];
      return { active: busy, idle: waited, utilization: busy + waited === 0 ? 0 : busy / (busy + waited) };
    },
  };
}
interface Spent {
  readonly active: number;
  readonly idle: number;
  readonly utilization: number;
}

test('a thread is busy when it hardly waited since the last look', () => {
  const worker = thread();
  const load = new ThreadLoad(worker);
  expect(load.isBusy()).toBe(false);
  worker.pass(90, 10);
  expect(load.isBusy()).toBe(true);
  // What was before does not count.
  worker.pass(30, 70);
  expect(load.isBusy()).toBe(false);
  worker.pass(100, 5);
  expect(load.isBusy()).toBe(true);
});

test('a moment says nothing: the last look stands until there is more to look at', () => {
  const worker = thread();
  const load = new ThreadLoad(worker);
  worker.pass(10, 90);
  expect(load.isBusy()).toBe(false);
  worker.pass(5, 0);
  expect(load.isBusy()).toBe(false);
  worker.pass(95, 0);
  expect(load.isBusy()).toBe(true);
  worker.pass(0, 5);
  expect(load.isBusy()).toBe(true);
});
