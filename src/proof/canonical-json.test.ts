import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, parseCanonicalJson, type Json } from './canonical-json.js';

describe('canonical JSON', () => {
  it.each<[string, Json, string]>([
    // RFC 8785, §3.2.3: sorted by UTF-16 code units.
    [
      'names',
      {
        '\u20ac': 'Euro',
        '\r': 'CR',
        '\ufb33': 'Dalet',
        '1': 'One',
        '\ud83d\ude00': 'Smile',
        '\u0080': 'Control',
        '\u00f6': 'o',
      },
      '{"\\r":"CR","1":"One","\u0080":"Control","\u00f6":"o","\u20ac":"Euro","\ud83d\ude00":"Smile","\ufb33":"Dalet"}',
    ],
    // RFC 8785, §3.2.2.
    [
      'literals',
      {
        numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 1e-27],
        string: '\u20ac$\u000f\nA\'B"\\\\"/',
        literals: [null, true, false],
      },
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ],
    ['minus zero', -0, '0'],
  ])('writes %s as RFC 8785 does', (_, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('is read back as what it was, and no other text is read', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as Json;
        let text;
        try {
          text = canonicalJson(plain);
        } catch {
          return;
        }
        expect(parseCanonicalJson(text)).toEqual(plain);
        expect(parseCanonicalJson(` ${text}`)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
    for (const text of ['{"a":1,"a":1}', '{"b":1,"a":2}', '[1.0]', '{"a": 1}', '"\\u0041"', '[1,]', '"\ud800"', ''])
      expect(parseCanonicalJson(text), text).toBeUndefined();
  });

  it('refuses what has no one form', () => {
    let deep: Json = [];
    for (let level = 0; level < 100; level += 1) deep = [deep];
    for (const value of ['\ud800', { '\udc00': 1 }, Number.NaN, Infinity, deep])
      expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});
