import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Gather } from './gather.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function gather() {
  const posted: (readonly string[])[] = [];
  return { posted, out: new Gather<string>((messages) => posted.push(messages)) };
}

test('what may wait goes at once after a silence, else together a moment later', () => {
  const { posted, out } = gather();
  for (const message of ['a', 'b', 'c']) out.send(message, true);
  expect(posted).toEqual([['a']]);
  vi.runAllTimers();
  expect(posted).toEqual([['a'], ['b', 'c']]);
  vi.advanceTimersByTime(1000);
  out.send('d', true);
  expect(posted.at(-1)).toEqual(['d']);
});

test('what may not wait takes what waits along, in order, and nothing is sent twice', () => {
  const { posted, out } = gather();
  out.send('a');
  out.send('b', true);
  out.send('c');
  expect(posted).toEqual([['a'], ['b', 'c']]);
  vi.runAllTimers();
  expect(posted).toEqual([['a'], ['b', 'c']]);
});

test('a thread that comes to its timers late sends with the next message', () => {
  const { posted, out } = gather();
  out.send('a', true);
  out.send('b', true);
  // The clock goes on, and no timer had its turn.
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1000);
  out.send('c', true);
  expect(posted).toEqual([['a'], ['b', 'c']]);
  vi.restoreAllMocks();
});
