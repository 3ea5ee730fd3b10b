import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAttached, parseReferrers } from './attachment-lists.js';

const HEX = 'a'.repeat(64);
const digest = `sha256:${HEX}`;

test('an index of referrers is all of them, or none is understood', () => {
  const entry = { mediaType: 'x', digest, size: 1, artifactType: 'y' };
  expect(parseReferrers({ manifests: [entry, { digest }] })).toEqual([
    { sha256: HEX, artifactType: 'y' },
    { sha256: HEX, artifactType: undefined },
  ]);
  expect(parseReferrers({ manifests: [{ ...entry, digest: `sha512:${'b'.repeat(128)}` }] })).toEqual([]);
  expect(parseReferrers({ manifests: null })).toEqual([]);
  const nonsense = [null, 1, [], {}, { digest: 1 }, { digest: 'x' }, { digest, artifactType: 1 }];
  for (const one of nonsense) expect(parseReferrers({ manifests: [entry, one, entry] })).toBeUndefined();
  for (const value of [undefined, null, 'x', [], {}, { manifests: {} }, { manifests: 'x' }, { errors: [] }])
    expect(parseReferrers(value)).toBeUndefined();
});

test('a manifest has layers, or is none', () => {
  const layer = { mediaType: 'm', digest, annotations: { a: 'b', c: 1 } };
  expect(parseAttached({ artifactType: 't', layers: [layer] })).toEqual({
    artifactType: 't',
    layers: [{ sha256: HEX, mediaType: 'm', annotations: { a: 'b' } }],
  });
  expect(parseAttached({ config: { mediaType: 'c' }, layers: [] })).toEqual({ artifactType: 'c', layers: [] });
  expect(parseAttached({ manifests: [] })).toEqual({ artifactType: undefined, layers: [] });
  for (const one of [null, 1, {}, { digest }, { mediaType: 'm', digest: 'x' }])
    expect(parseAttached({ layers: [layer, one] })).toBeUndefined();
  for (const value of [undefined, null, 'x', [], {}, { layers: {} }, { layers: null }])
    expect(parseAttached(value)).toBeUndefined();
});

test('never throws, whatever a registry sends', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      for (const value of [
        one,
        { manifests: one },
        { layers: one },
        { layers: [one, { mediaType: 'm', digest, annotations: other }] },
      ])
        // prettier-ignore
        for (const parse of [parseReferrers, parseAttached])
          expect(() => parse(value)).not.toThrow();
    }),
    { numRuns: 200 },
  );
});
