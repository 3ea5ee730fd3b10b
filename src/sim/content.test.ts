import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinContent, seededContent, wholeContent } from './index.js';

const content = seededContent({ seed: 3, sizeBytes: 2_500_000 });
const whole = wholeContent(content);

test('reads the same bytes by any range', () => {
  fc.assert(
    fc.property(fc.nat(content.sizeBytes), fc.nat(9000), (offset, length) => {
      const count = Math.min(length, content.sizeBytes - offset);
      expect(content.read(offset, count).equals(whole.subarray(offset, offset + count))).toBe(true);
    }),
  );
});

test('repeats no slot of 4 KiB', () => {
  const slots = new Set<string>();
  for (let at = 0; at + 4096 <= whole.length; at += 4096) slots.add(whole.toString('latin1', at, at + 4096));
  expect(slots.size).toBe(Math.floor(whole.length / 4096));
});

test('reads far into a file that no memory could hold', () => {
  const huge = seededContent({ seed: 3, sizeBytes: 60e9 });
  expect(huge.read(59_999_990_000, 10_000)).toHaveLength(10_000);
});

test('joins parts so that ranges cross them', () => {
  const joined = joinContent(['abc', content, 'xyz']);
  const expected = Buffer.concat([Buffer.from('abc'), whole, Buffer.from('xyz')]);
  expect(joined.sizeBytes).toBe(expected.length);
  for (const [offset, length] of [
    [0, 3],
    [2, 10],
    [expected.length - 5, 5],
    [0, expected.length],
  ] as const) {
    expect(joined.read(offset, length).equals(expected.subarray(offset, offset + length))).toBe(true);
  }
});
