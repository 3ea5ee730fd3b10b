import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameForRange, judgeConditions } from './conditions.js';

const ETAG = '"a,b"';

describe('conditions of a request', () => {
  it.each([
    [{}, 'go on'],
    [{ 'if-none-match': ETAG }, 304],
    [{ 'if-none-match': `W/${ETAG}` }, 304],
    [{ 'if-none-match': `"x", W/"y" ,${ETAG}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"x", "a"' }, 'go on'],
    [{ 'if-none-match': 'a,b' }, 'go on'],
    [{ 'if-match': ETAG }, 'go on'],
    [{ 'if-match': '*' }, 'go on'],
    [{ 'if-match': `"x", ${ETAG}` }, 'go on'],
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-match': `W/${ETAG}` }, 412],
    [{ 'if-match': '"x"', 'if-none-match': ETAG }, 412],
  ] as const)('%j: %s', (headers, verdict) => {
    expect(judgeConditions(headers, ETAG)).toBe(verdict);
  });

  it('find a tag wherever it stands in a list', () => {
    const tag = fc.string({ unit: fc.constantFrom('a', 'b', ',', ' ', '*', 'W', '/') }).map((text) => `"${text}"`);
    fc.assert(
      fc.property(tag, fc.array(tag), fc.nat(), (own, others, place) => {
        const at = place % (others.length + 1);
        const list = [...others.slice(0, at), own, ...others.slice(at)].join(', ');
        expect(judgeConditions({ 'if-none-match': list }, own)).toBe(304);
        const without = others.filter((other) => other !== own).join(',');
        expect(judgeConditions({ 'if-none-match': without }, own)).toBe('go on');
      }),
    );
  });
});

describe('a range with a condition', () => {
  const date = 'Sat, 21 Nov 2026 00:00:00 GMT';
  it.each([
    [undefined, true],
    [ETAG, true],
    [`W/${ETAG}`, false],
    ['"x"', false],
    [date, true],
    ['Sat, 21 Nov 2026 00:00:01 GMT', false],
    ['', false],
  ])('%j: %s', (condition, isSame) => {
    expect(isSameForRange(condition, { etag: ETAG, 'last-modified': date })).toBe(isSame);
  });

  it('is never of something that has no validator', () => {
    expect([isSameForRange(date, {}), isSameForRange(ETAG, {}), isSameForRange('', {})]).toEqual([false, false, false]);
  });
});
