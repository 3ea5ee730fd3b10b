import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonFault, parseStrictJson, type StrictJson } from './strict-json.js';

const SIGNS = '{ } [ ] " , : \\ u 0 a 1 e + - . true null'.split(' ');
const parse = (text: string): StrictJson => parseStrictJson(Buffer.from(text));

function plain(value: StrictJson): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item as StrictJson)]));
  return Array.isArray(value) ? (value as readonly StrictJson[]).map(plain) : value;
}

describe('strict JSON', () => {
  it('is what JSON.parse makes of what JSON.stringify made', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(JSON.stringify(plain(parse(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '[1,]',
    '{"a"}',
    '{a:1}',
    '[1e999]',
    '[01]',
    '1 2',
    '',
    '"open',
    '"\\"',
    '"\n"',
    'nul',
    '\ufeff1',
    '['.repeat(70) + ']'.repeat(70),
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(JsonFault);
  });

  it('refuses what is not UTF-8, and takes any bytes without another error', () => {
    expect(() => parseStrictJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('not UTF-8');
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string({ unit: fc.constantFrom(...SIGNS) })), (input) => {
        const bytes = Buffer.from(input as string);
        let native: unknown;
        try {
          native = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
        } catch {
          expect(() => parseStrictJson(bytes)).toThrow(JsonFault);
          return;
        }
        try {
          expect(JSON.stringify(plain(parseStrictJson(bytes)))).toBe(JSON.stringify(native));
        } catch (thrown) {
          if (!(thrown instanceof JsonFault)) throw thrown;
          expect(thrown.message).toMatch(/twice|bounds/);
        }
      }),
    );
  });

  it('gives names that JavaScript has plans for back as names', () => {
    expect(parse('{"__proto__":{"a":1}}')).toEqual(new Map([['__proto__', new Map([['a', 1]])]]));
  });
});
