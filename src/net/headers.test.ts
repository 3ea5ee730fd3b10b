import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseHttpDate, parseRateLimit, parseRetryAfter } from './index.js';

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7000],
    ['1.5', 1500],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['Saturday, 21-Nov-26 12:00:30 GMT', 30_000],
    ['Sat Nov 21 12:00:30 2026', 30_000],
    ['Fri, 20 Nov 2026 12:00:30 GMT', 0],
  ])('%j is %d ms', (value, expected) => {
    expect(parseRetryAfter(value, NOW)).toBe(expected);
  });

  test.each([undefined, '', 'soon', '-5', '1e9', '0x10', '12 s', 'Sat, 21 Nope 2026 12:00:30 GMT', 'Infinity'])(
    '%j says nothing',
    (value) => {
      expect(parseRetryAfter(value, NOW)).toBeUndefined();
    },
  );

  test('every date that JavaScript writes is read', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true }), (date) => {
        expect(parseHttpDate(date.toUTCString())).toBe(Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
  });

  test('no text makes it throw or wait a negative time', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d:, A-Za-z-]{0,40}$/)), (text) => {
        expect(parseRetryAfter(text, NOW) ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('RateLimit', () => {
  test.each([
    [{ ratelimit: '"api";r=0;t=55' }, { remaining: 0, resetMs: 55_000 }],
    [{ ratelimit: '"api"; r=12; t=5' }, { remaining: 12, resetMs: 5000 }],
    [{ ratelimit: '"a";r=9;t=1, "b";r=2;t=30' }, { remaining: 2, resetMs: 30_000 }],
    [
      { ratelimit: '"api";r=0', 'ratelimit-policy': '"fixed window";"api";q=500;w=300' },
      { remaining: 0, resetMs: 300_000 },
    ],
    [{ ratelimit: '"with, comma;r=9";r=1;t=2' }, { remaining: 1, resetMs: 2000 }],
    [{ ratelimit: 'limit=100, remaining=0, reset=50' }, { remaining: 0, resetMs: 50_000 }],
    [
      { 'ratelimit-remaining': '3', 'ratelimit-reset': '10' },
      { remaining: 3, resetMs: 10_000 },
    ],
    [
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '20' },
      { remaining: 0, resetMs: 20_000 },
    ],
    [
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 20) },
      { remaining: 0, resetMs: 20_000 },
    ],
  ])('%o', (headers, expected) => {
    expect(parseRateLimit(headers as Record<string, string>, NOW)).toEqual(expected);
  });

  test.each([{}, { ratelimit: '' }, { ratelimit: '"api"' }, { ratelimit: 'r=0;t=5' }, { 'x-ratelimit-reset': '5' }])(
    '%o names no limit',
    (headers) => {
      expect(parseRateLimit(headers as Record<string, string>, NOW)).toBeUndefined();
    },
  );

  test('no text makes it throw, and what it gives is never negative', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z";,=\d\\ ]{0,60}$/));
    fc.assert(
      fc.property(text, text, text, (limit, policy, remaining) => {
        const found = parseRateLimit(
          {
            ratelimit: limit,
            'ratelimit-policy': policy,
            'x-ratelimit-remaining': remaining,
            'x-ratelimit-reset': limit,
          },
          NOW,
        );
        expect(found?.remaining ?? 0).toBeGreaterThanOrEqual(0);
        expect(found?.resetMs ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
