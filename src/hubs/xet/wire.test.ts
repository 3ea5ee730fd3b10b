import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SluiceError } from '../../base/index.js';
import { makePlan } from './plan.js';
import { parseReconstruction, parseToken, type Refuse } from './wire.js';

const refuse: Refuse = (reason) => new SluiceError('BAD_RESPONSE', { host: 'h', reason });
const A = 'aa'.repeat(32);
const B = 'bb'.repeat(32);
const CAS = 'https://cas.example';
const SPAN = { startByte: 100, endByte: 400 };

/** Two terms of one xorb, one of another, and their addresses in version 2. */
const ANSWER = {
  offset_into_first_range: 10,
  terms: [
    { hash: A, unpacked_length: 110, range: { start: 2, end: 4 } },
    { hash: B, unpacked_length: 100, range: { start: 0, end: 1 } },
    { hash: A, unpacked_length: 100, range: { start: 3, end: 5 } },
  ],
  xorbs: {
    [A]: [
      { url: 'https://x.example/a?sig=1', ranges: [{ chunks: { start: 2, end: 5 }, bytes: { start: 50, end: 249 } }] },
    ],
    [B]: [{ url: 'https://x.example/b', ranges: [{ chunks: { start: 0, end: 1 }, bytes: { start: 0, end: 89 } }] }],
  },
};

const clone = (): typeof ANSWER => structuredClone(ANSWER);
const parse = (value: unknown, cas = CAS): ReturnType<typeof parseReconstruction> =>
  parseReconstruction(value, cas, refuse);

describe('a reconstruction', () => {
  it('becomes one GET for each xorb range, with all uses of it', () => {
    const plan = makePlan(parse(ANSWER), SPAN, refuse);
    expect(
      plan.map(({ xorb, range, uses }) => [
        xorb,
        range.url,
        range.startByte,
        range.endByte,
        uses.map((use) => use.position),
      ]),
    ).toEqual([
      [A, 'https://x.example/a?sig=1', 50, 250, [90, 300]],
      [B, 'https://x.example/b', 0, 90, [200]],
    ]);
  });

  it('means the same in version 1', () => {
    const { xorbs, ...rest } = clone();
    const fetch_info = Object.fromEntries(
      Object.entries(xorbs).map(([xorb, entries]) => [
        xorb,
        entries.flatMap(({ url, ranges }) =>
          ranges.map(({ chunks, bytes }) => ({ url, range: chunks, url_range: bytes })),
        ),
      ]),
    );
    expect(parse({ ...rest, fetch_info })).toEqual(parse(ANSWER));
  });

  it('may say more than is known of it', () => {
    expect(parse({ ...ANSWER, more: [1] })).toEqual(parse(ANSWER));
  });

  const change = (bend: (answer: ReturnType<typeof clone>) => void): unknown => {
    const answer = clone();
    bend(answer);
    return answer;
  };
  const rangesOf = (answer: typeof ANSWER): (typeof ANSWER.xorbs)[string][number] => answer.xorbs[A]![0]!;

  it.each([
    ['is no object', [], 'no reconstruction'],
    ['has no offset', { ...ANSWER, offset_into_first_range: -1 }, 'no reconstruction'],
    ['has no addresses', { ...ANSWER, xorbs: undefined }, 'without addresses'],
    [
      'has too many terms',
      { ...ANSWER, terms: Array.from({ length: 65_537 }, () => ANSWER.terms[0]) },
      'more than 65536 terms',
    ],
    ['names a xorb badly', change((a) => (a.terms[0]!.hash = `${A.slice(2)}zz`)), 'names no chunks'],
    ['has a term without chunks', change((a) => (a.terms[0]!.range.end = 2)), 'names no chunks'],
    ['has a term beyond a xorb', change((a) => (a.terms[0]!.range.end = 8193)), 'names no chunks'],
    ['has a term too long', change((a) => (a.terms[1]!.unpacked_length = 131_073)), '131073 bytes in 1 chunks'],
    ['has a term too short', change((a) => (a.terms[0]!.unpacked_length = 1)), '1 bytes in 2 chunks'],
    [
      'has bytes that end before they begin',
      change((a) => (rangesOf(a).ranges[0]!.bytes.end = 49)),
      '3 chunks in 0 bytes',
    ],
    [
      'has bytes beyond a xorb',
      change((a) => (rangesOf(a).ranges[0]!.bytes = { start: 2 ** 30, end: 2 ** 30 + 200 })),
      '3 chunks',
    ],
    ['has too many bytes for its chunks', change((a) => (rangesOf(a).ranges[0]!.bytes.end = 10_000_000)), '3 chunks'],
    ['leads elsewhere than to the web', change((a) => (rangesOf(a).url = 'file:///etc/passwd')), 'no usable address'],
    ['leads from https to http', change((a) => (rangesOf(a).url = 'http://x.example/a')), 'no usable address'],
    ['carries credentials', change((a) => (rangesOf(a).url = 'https://u:p@x.example/a')), 'no usable address'],
    ['has an endless address', change((a) => (rangesOf(a).url += 'x'.repeat(20_000))), 'no usable address'],
    ['has a xorb that is none', { ...ANSWER, xorbs: { x: [] } }, 'no xorb'],
  ])('that %s is refused', (_, value, reason) => {
    expect(() => parse(value)).toThrow(reason);
  });

  it('may lead to http where the service itself is there', () => {
    expect(() =>
      parse(
        change((a) => (rangesOf(a).url = 'http://x.example/a')),
        'http://cas',
      ),
    ).not.toThrow();
  });

  it.each([
    ['begins elsewhere', change((a) => (a.offset_into_first_range = 110)), 'begin elsewhere'],
    ['has no terms', { ...ANSWER, terms: [] }, 'begin elsewhere'],
    ['ends early', change((a) => (a.terms[2]!.unpacked_length = 99)), 'end 1 bytes early'],
    ['goes on', change((a) => a.terms.push(a.terms[1]!)), 'more terms'],
    ['has no address for a term', change((a) => (a.terms[2]!.range.end = 6)), 'no address of chunks 3-5'],
    ['has no address for a xorb', { ...ANSWER, xorbs: { [A]: ANSWER.xorbs[A] } }, 'no address of chunks 0-0'],
  ])('that %s gives no plan', (_, value, reason) => {
    expect(() => makePlan(parse(value), SPAN, refuse)).toThrow(reason);
  });

  it('of any JSON is read or refused', () => {
    const odd = fc.oneof(fc.jsonValue() as fc.Arbitrary<unknown>, fc.constant('__proto__'), fc.double());
    const keys = fc.constantFrom('terms', 'xorbs', 'fetch_info', 'offset_into_first_range');
    fc.assert(
      fc.property(keys, fc.array(fc.nat({ max: 8 }), { maxLength: 5 }), odd, (key, path, value) => {
        const answer = clone() as Record<string, unknown>;
        let parent: Record<string, unknown> = answer;
        let last: string = key;
        for (const step of path) {
          const child = parent[last];
          if (typeof child !== 'object' || child === null) break;
          const names = Object.keys(child);
          if (names.length === 0) break;
          parent = child as Record<string, unknown>;
          last = names[step % names.length]!;
        }
        parent[last] = value;
        try {
          makePlan(parse(answer), SPAN, refuse);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SluiceError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a token', () => {
  const TOKEN = { accessToken: 'abc', exp: 2_000_000_000, casUrl: 'https://cas.example/prefix//' };

  it('names the service and its own end', () => {
    expect(parseToken(TOKEN, 'https://hub', refuse)).toEqual({
      accessToken: 'abc',
      expiresAtMs: 2_000_000_000_000,
      casUrl: 'https://cas.example/prefix',
    });
  });

  it.each([
    [{ ...TOKEN, accessToken: 'a\r\nb' }, 'https://hub', 'no access token'],
    [{ ...TOKEN, accessToken: '' }, 'https://hub', 'no access token'],
    [{ ...TOKEN, exp: '1' }, 'https://hub', 'without an end'],
    [{ ...TOKEN, casUrl: 'http://cas' }, 'https://hub', 'no usable address'],
    [{ ...TOKEN, casUrl: 'https://u@cas' }, 'https://hub', 'no usable address'],
    [{ ...TOKEN, casUrl: 'https://cas?x=1' }, 'https://hub', 'no usable address'],
    [{ ...TOKEN, casUrl: 'ftp://cas' }, 'http://hub', 'no usable address'],
    [null, 'http://hub', 'no access token'],
  ])('%j from %s is refused', (value, hub, reason) => {
    expect(() => parseToken(value, hub, refuse)).toThrow(reason);
  });
});
