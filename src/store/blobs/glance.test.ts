import { join } from 'node:path';
import { expect, it } from 'vitest';
import { layoutOf } from '../layout.js';
import { openStore } from '../open-store.js';
import { gitIdOf, proofOf, temporaryFolder } from '../testing/fixtures.js';
import { glance } from './glance.js';

const textOf = (index: number): Buffer => Buffer.from(`content ${index}`);

it('says of nothing that is here, by whatever digest, that it is absent', async () => {
  const store = await openStore(join(await temporaryFolder(), 'store'));
  const contents = Array.from({ length: 100 }, (_, index) => textOf(index));
  for (const bytes of contents.filter((_, index) => index % 3 === 0)) await store.putBytes(bytes, proofOf(bytes));
  for (const digestsOf of [
    (bytes: Buffer) => ({ sha256: proofOf(bytes).sha256 }),
    (bytes: Buffer) => ({ gitSha1: gitIdOf(bytes) }),
  ]) {
    const seen = glance(
      layoutOf(store.root),
      contents.map((bytes) => ({ digests: digestsOf(bytes), sizeBytes: bytes.length })),
    );
    expect(seen.filter((isAbsent, index) => isAbsent && index % 3 === 0)).toEqual([]);
    expect(seen.slice(0, 30).filter(Boolean)).toHaveLength(20);
  }
});

it('says of everything in an empty store that it is absent, also of what has no digest', () => {
  const wanted = [
    { digests: { sha256: 'a'.repeat(64) }, sizeBytes: 1 },
    { digests: {}, sizeBytes: 1 },
  ];
  expect(glance(layoutOf('/nowhere'), wanted)).toEqual([true, true]);
});
