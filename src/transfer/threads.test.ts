import { expect, test } from 'vitest';
import type { SpareThreads } from '../base/index.js';
import { MANY_FILES } from './batch/limits.js';
import { SMALL_FILE_BYTES } from './limits.js';
import { openThreads, threadsOf } from './threads.js';
import { carrierThreads, courierThreads } from './create-environment.js';

function fakeSpare() {
  const counts: number[] = [];
  return { counts, spare: { ahead: (count: number) => void counts.push(count) } as unknown as SpareThreads };
}

function fakeThreads() {
  const [one, two, three] = [fakeSpare(), fakeSpare(), fakeSpare()];
  const threads = threadsOf({ carriers: one.spare, followers: two.spare, couriers: three.spare });
  return { threads, counts: [one.counts, two.counts, three.counts] };
}

test.each([
  ['nothing', [], [], [], []],
  ['small files, and one that does not tell its size', [1, SMALL_FILE_BYTES, undefined], [], [], []],
  ['one large file', [SMALL_FILE_BYTES + 1], [carrierThreads(9)], [1], []],
  ['many of them', Array.from({ length: 9 }, () => 2 ** 30), [carrierThreads(9)], [2], []],
  ['many small files', Array.from({ length: MANY_FILES }, () => SMALL_FILE_BYTES), [], [], [courierThreads(8)]],
  ['many empty files, which nobody brings', Array.from({ length: MANY_FILES }, () => 0), [], [], []],
])('for %s as many threads as that needs come up', (_, sizes, ...expected) => {
  const { threads, counts } = fakeThreads();
  threads.prepare(sizes, 8, true);
  expect(counts).toEqual(expected);
});

test('where pieces prove the file nobody hashes it, and one more brings it', () => {
  const { threads, counts } = fakeThreads();
  threads.prepare([2 ** 30], 8, false);
  expect(counts).toEqual([[carrierThreads(9, false)], [], []]);
});

test('a machine of two cores gets one, and so does a pull of which nothing is known', () => {
  const { threads, counts } = fakeThreads();
  threads.begin();
  threads.prepare([2 ** 30, ...Array.from({ length: MANY_FILES }, () => 1)], 2, true);
  expect(counts).toEqual([[1, 1], [1], [1]]);
});

test('the TypeScript sources run in one thread', () => {
  expect(openThreads()).toBeUndefined();
});
