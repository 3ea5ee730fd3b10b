import { expect, test } from 'vitest';
import type { SpareThreads } from '../base/index.js';
import { MANY_FILES } from './batch/limits.js';
import { SMALL_FILE_BYTES } from './limits.js';
import { openThreads, threadsOf } from './threads.js';
import { carrierThreads, courierThreads } from './create-environment.js';

function fakeSpare() {
  const counts: number[] = [];
  const ahead = (count: number) => void counts.push(count);
  return { counts, spare: { ahead, close: () => Promise.resolve() } as unknown as SpareThreads };
}

function fakeThreads() {
  const [one, two, three] = [fakeSpare(), fakeSpare(), fakeSpare()];
  const threads = threadsOf({ carriers: one.spare, followers: two.spare, couriers: three.spare });
  return { threads, counts: [one.counts, two.counts, three.counts] };
}

test.each([
  ['nothing', [], []],
  ['small files, and one that does not tell its size', [1, SMALL_FILE_BYTES, undefined], []],
  ['large files, which begin without', Array.from({ length: 9 }, () => 2 ** 30), []],
  ['many small files', Array.from({ length: MANY_FILES }, () => SMALL_FILE_BYTES), [courierThreads(8)]],
  ['many empty files, which nobody brings', Array.from({ length: MANY_FILES }, () => 0), []],
])('for %s as many threads as that needs come up', (_, sizes, couriers) => {
  const { threads, counts } = fakeThreads();
  threads.prepare(sizes, 8);
  expect(counts).toEqual([[], [], couriers]);
});

test('a service has threads for large files ready', () => {
  const { threads, counts } = fakeThreads();
  threads.prepareLarge(9, 8);
  expect(counts).toEqual([[carrierThreads(8)], [2], []]);
});

test('a machine of two cores gets one', () => {
  const { threads, counts } = fakeThreads();
  threads.prepare(
    Array.from({ length: MANY_FILES }, () => 1),
    2,
  );
  threads.prepareLarge(1, 2);
  expect(counts).toEqual([[1], [1], [1]]);
});

test('what has nothing more to do is ended by closing, which waits for that', async () => {
  const { threads } = fakeThreads();
  const ends: (() => void)[] = [];
  threads.retire(() => new Promise<void>((resolve) => void ends.push(resolve)));
  let isClosed = false;
  expect(ends).toHaveLength(0);
  const closing = threads.close().then(() => (isClosed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect([ends.length, isClosed]).toEqual([1, false]);
  ends[0]?.();
  await closing;
});

test('the TypeScript sources run in one thread', () => {
  expect(openThreads()).toBeUndefined();
});
