import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from './ranges.js';

describe('a range', () => {
  it.each([
    ['bytes=0-0', 10, { startByte: 0, endByte: 1 }],
    ['bytes=3-', 10, { startByte: 3, endByte: 10 }],
    ['bytes=-3', 10, { startByte: 7, endByte: 10 }],
    ['bytes=-30', 10, { startByte: 0, endByte: 10 }],
    ['bytes=3-99999', 10, { startByte: 3, endByte: 10 }],
    ['bytes=10-', 10, 'none'],
    ['bytes=-0', 10, 'none'],
    ['bytes=5-3', 10, 'all'],
    ['bytes=0-1,5-6', 10, 'all'],
    ['bytes=0-0,-1', 10, 'all'],
    ['bytes=-', 10, 'all'],
    ['items=0-1', 10, 'all'],
    ['bytes=0x1-2', 10, 'all'],
    ['bytes=0-', 0, 'all'],
    [undefined, 10, 'all'],
  ] as const)('%s of %i bytes: %j', (header, sizeBytes, expected) => {
    expect(parseRange(header, sizeBytes)).toEqual(expected);
  });

  it('that is written by the rule is what it says, for every file', () => {
    const sizes = fc.integer({ min: 1, max: 2 ** 44 });
    fc.assert(
      fc.property(sizes, fc.nat(2 ** 45), fc.option(fc.nat(2 ** 45)), (sizeBytes, first, more) => {
        const last = more === null ? undefined : first + more;
        const answer = parseRange(`bytes=${first}-${last ?? ''}`, sizeBytes);
        if (first >= sizeBytes) expect(answer).toBe('none');
        else expect(answer).toEqual({ startByte: first, endByte: Math.min(sizeBytes, (last ?? sizeBytes) + 1) });
        const suffix = parseRange(`bytes=-${first}`, sizeBytes);
        if (first === 0) expect(suffix).toBe('none');
        else expect(suffix).toEqual({ startByte: Math.max(0, sizeBytes - first), endByte: sizeBytes });
      }),
    );
  });

  it('is never outside the file or empty, whatever the header', () => {
    const part = fc.constantFrom(
      'bytes',
      '=',
      '-',
      ',',
      ' ',
      '0',
      '1',
      '9',
      '99999999999999999999',
      'e9',
      '\t',
      '+',
      '.',
    );
    const header = fc.oneof(fc.string(), fc.array(part).map((parts) => parts.join('')), fc.array(part).map((parts) => `bytes=${parts.join('')}`)); // prettier-ignore
    fc.assert(
      fc.property(header, fc.nat(100), (text, sizeBytes) => {
        const answer = parseRange(text, sizeBytes);
        if (typeof answer === 'string') return;
        expect(Number.isInteger(answer.startByte) && Number.isInteger(answer.endByte)).toBe(true);
        expect(answer.startByte).toBeGreaterThanOrEqual(0);
        expect(answer.endByte).toBeGreaterThan(answer.startByte);
        expect(answer.endByte).toBeLessThanOrEqual(sizeBytes);
      }),
      { numRuns: 2000 },
    );
  });
});
