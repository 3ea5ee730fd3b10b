import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAlias, parseAlias } from './aliases.js';
import { parseStamp } from './stamps.js';

const sha256 = 'ab'.repeat(32);

test('whatever is not a stamp is no stamp', () => {
  const almost = fc.record(
    {
      version: fc.constantFrom(1, 2, '1'),
      sha256: fc.constantFrom(sha256, 'x'),
      sizeBytes: fc.oneof(fc.nat(), fc.double(), fc.string()),
      mtimeNs: fc.oneof(fc.string(), fc.nat()),
      inode: fc.oneof(fc.string(), fc.nat()),
      verifiedAtMs: fc.oneof(fc.nat(), fc.string()),
      digests: fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('sha256', '__proto__', 'md5'), fc.string())),
      pieces: fc.oneof(fc.jsonValue(), fc.record({ pieceBytes: fc.nat(), sha256: fc.array(fc.constant(sha256)) })),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        almost.map((value) => JSON.stringify(value)),
      ),
      (text) => {
        const stamp = parseStamp(text, sha256);
        if (stamp === undefined) return;
        expect(Number.isSafeInteger(stamp.proof.sizeBytes)).toBe(true);
        const pieces = stamp.proof.pieces;
        if (pieces !== undefined)
          expect(pieces.digests).toHaveLength(Math.ceil(stamp.proof.sizeBytes / pieces.pieceBytes));
      },
    ),
  );
});

test('aliases are read as written, also as stamps, and nothing else is an alias', () => {
  expect(parseAlias(formatAlias(sha256, 12))).toEqual({ sha256, sizeBytes: 12 });
  const stamp = JSON.stringify({ version: 1, sha256, sizeBytes: 12, mtimeNs: '1', inode: '2', digests: {} });
  expect(parseAlias(stamp)).toEqual({ sha256, sizeBytes: 12 });
  const almost = fc
    .record({
      sha256: fc.constantFrom(sha256, sha256.toUpperCase(), `${sha256}0`, '../x', null, 7),
      sizeBytes: fc.constantFrom(12, -1, 0.5, 2 ** 60, '12', null),
    })
    .filter((value) => value.sha256 !== sha256 || value.sizeBytes !== 12);
  const cut = fc.nat(stamp.length - 1).map((length) => stamp.slice(0, length));
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    cut,
    almost.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(text, (each) => {
      expect(parseAlias(each)).toBeUndefined();
    }),
  );
});
