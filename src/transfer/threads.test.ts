import { expect, test } from 'vitest';
import type { SpareThreads } from '../base/index.js';
import { SMALL_FILE_BYTES } from './limits.js';
import { openThreads, threadsOf } from './threads.js';
import { carrierThreads } from './transfer.js';

function fakeSpare() {
  const counts: number[] = [];
  return { counts, spare: { ahead: (count: number) => void counts.push(count) } as unknown as SpareThreads };
}

test.each([
  ['nothing', [], [], []],
  ['small files, and one that does not tell its size', [1, SMALL_FILE_BYTES, undefined], [], []],
  ['one large file', [SMALL_FILE_BYTES + 1], [carrierThreads(9)], [1]],
  ['many of them', Array.from({ length: 9 }, () => 2 ** 30), [carrierThreads(9)], [2]],
])('for %s as many threads as that needs come up', (_, sizes, carriers, followers) => {
  const [one, two] = [fakeSpare(), fakeSpare()];
  threadsOf(one.spare, two.spare).prepare(sizes, 8, true);
  expect([one.counts, two.counts]).toEqual([carriers, followers]);
});

test('where pieces prove the file nobody hashes it, and one more brings it', () => {
  const [one, two] = [fakeSpare(), fakeSpare()];
  threadsOf(one.spare, two.spare).prepare([2 ** 30], 8, false);
  expect([one.counts, two.counts]).toEqual([[carrierThreads(9, false)], []]);
});

test('a machine of two cores gets one, and so does a pull of which nothing is known', () => {
  const [one, two] = [fakeSpare(), fakeSpare()];
  const threads = threadsOf(one.spare, two.spare);
  threads.begin();
  threads.prepare([2 ** 30], 2, true);
  expect([one.counts, two.counts]).toEqual([[1, 1], [1]]);
});

test('the TypeScript sources run in one thread', () => {
  expect(openThreads()).toBeUndefined();
});
