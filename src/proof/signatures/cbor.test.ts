import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCbor as encodeInOrder } from '../testing/cbor.js';
import { SignatureFault } from '../signature-fault.js';
import { CborTag, encodeCbor, parseCbor, type Cbor } from './cbor.js';

const { value } = fc.letrec<{ value: Cbor }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.integer(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.integer(), fc.string()), tie('value')), { maxLength: 4 })
      .map((entries) => new Map(entries)),
    fc.tuple(fc.nat(), tie('value')).map(([tag, each]) => new CborTag(tag, each)),
  ),
}));

describe('CBOR', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(parseCbor(encodeInOrder(one))).toEqual(one);
        expect(parseCbor(encodeCbor(one))).toEqual(one);
      }),
      { numRuns: 200 },
    );
  });

  it('is written with its keys in the order of their encodings, shorter ones first', () => {
    const map = new Map<number | string, Cbor>([
      ['b', 1],
      [33, 2],
      ['a', 3],
      [-1, 4],
      [2, 5],
    ]);
    expect(encodeCbor(map).toString('hex')).toBe('a5' + '0205' + '182102' + '2004' + '616103' + '616201');
  });

  it('is read in one way or not at all: what is taken is what would be written', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((each) => Buffer.from(each)),
      fc.tuple(value, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([one, at, change]) => {
        const encoded = encodeInOrder(one);
        encoded[at % encoded.length]! ^= change;
        return encoded;
      }),
    );
    fc.assert(
      fc.property(bytes, (each) => {
        try {
          expect(encodeInOrder(parseCbor(each))).toEqual(each);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SignatureFault);
        }
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['a longer length than needed', '1817'],
    ['an indefinite length', '5f4101ff'],
    ['a key twice', 'a201000100'],
    ['more than it has', '44000000'],
    ['something after it', '0000'],
    ['text that is none', '61ff'],
    ['a float', 'f93c00'],
    ['a list in a list without an end', '81'.repeat(40) + '00'],
    ['a number that no number holds', '1bffffffffffffffff'],
    ['nothing', ''],
  ])('is refused with %s', (_, hex) => {
    expect(() => parseCbor(Buffer.from(hex, 'hex'))).toThrow(SignatureFault);
  });
});
