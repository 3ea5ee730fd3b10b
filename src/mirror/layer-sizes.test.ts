import fc from 'fast-check';
import { expect, it } from 'vitest';
import { layerSizes, subjectOf } from './layer-sizes.js';

const HEX = 'a'.repeat(64);
const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

it('tells what a manifest names, and what it refers to', () => {
  const one = { digest: `sha256:${HEX}`, size: 5 };
  const manifest = bytesOf({ config: one, layers: [{ ...one, digest: `sha512:${HEX}` }, one], subject: one });
  expect(layerSizes(manifest)).toEqual([
    [HEX, 5],
    [HEX, 5],
  ]);
  expect(subjectOf(manifest)).toBe(HEX);
  for (const subject of [undefined, null, 'x', {}, { digest: HEX }, { digest: `sha256:${HEX}0` }])
    expect(subjectOf(bytesOf({ subject }))).toBeUndefined();
});

it('takes any bytes without an error', () => {
  const value = fc.record({ config: fc.jsonValue(), layers: fc.jsonValue(), subject: fc.jsonValue() });
  const bytes = fc.oneof(
    fc.uint8Array().map((any) => Buffer.from(any)),
    fc.jsonValue().map(bytesOf),
    value.map(bytesOf),
  );
  fc.assert(
    fc.property(bytes, (any) => {
      expect(subjectOf(any) ?? HEX).toMatch(/^[0-9a-f]{64}$/);
      for (const [sha256, sizeBytes] of layerSizes(any)) {
        expect(sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(sizeBytes).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 200 },
  );
});
