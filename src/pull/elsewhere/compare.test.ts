import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ManifestFile } from '../../hubs/index.js';
import { compareFiles } from './compare.js';

const digest = fc.constantFrom('a', 'b', 'c').map((digit) => digit.repeat(64));
const file = fc.record({
  path: fc.constantFrom('one', 'two', 'three', 'four'),
  sizeBytes: fc.constantFrom(undefined, 1, 2),
  digests: fc.oneof(
    digest.map((sha256) => ({ sha256 })),
    fc.constant({}),
    fc.constant({ gitSha1: 'd'.repeat(40) }),
  ),
});
const listing: fc.Arbitrary<ManifestFile[]> = fc.uniqueArray(file, { selector: ({ path }) => path });

test('every wanted file agrees, differs or is lacking, and only the same digest with no other size agrees', () => {
  fc.assert(
    fc.property(listing, listing, (wanted, theirs) => {
      const { agree, differ, lack } = compareFiles(wanted, theirs);
      expect([...agree.keys(), ...differ.map((each) => each.file), ...lack].sort()).toEqual(
        wanted.map(({ path }) => path).sort(),
      );
      for (const ours of wanted) {
        const other = agree.get(ours.path);
        if (other !== undefined) {
          expect(ours.digests.sha256).toBeDefined();
          expect(other.digests.sha256).toBe(ours.digests.sha256);
          expect(new Set([ours.sizeBytes, other.sizeBytes].filter((size) => size !== undefined)).size).toBeLessThan(2);
        } else {
          const beside = theirs.find(({ path }) => path === ours.path);
          expect(lack.includes(ours.path)).toBe(beside === undefined);
        }
      }
      for (const { file: path, theirSha256, theirSizeBytes } of differ) {
        const beside = theirs.find((each) => each.path === path);
        expect([theirSha256, theirSizeBytes]).toEqual([beside?.digests.sha256 ?? null, beside?.sizeBytes ?? null]);
      }
    }),
  );
});

test('the same content is found under another path, though its own path holds something else', () => {
  const sha = (digit: string): ManifestFile['digests'] => ({ sha256: digit.repeat(64) });
  const theirs = [
    { path: 'a', sizeBytes: 1, digests: sha('b') },
    { path: 'z', sizeBytes: 1, digests: sha('a') },
  ];
  const { agree } = compareFiles([{ path: 'a', sizeBytes: 1, digests: sha('a') }], theirs);
  expect(agree.get('a')?.path).toBe('z');
});
