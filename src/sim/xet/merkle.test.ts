import { expect, test } from 'vitest';
import { keyedHash } from './blake3.js';
import { chunkHash, fileHash, hashText, xorbHash } from './merkle.js';
import { MERKLE } from './testing/merkle-vectors.js';
import { splitMix } from './testing/split-mix.js';
import { LARGE_NODES, LARGE_XORB, SPLITMIX_CHUNKS, SPLITMIX_FILE, SPLITMIX_XORB } from './testing/vectors.js';

/** Text forms are their own inverse, eight bytes at a time. */
const fromText = (text: string): Buffer => Buffer.from(text, 'hex').swap64();

test('names chunks of known content as the reference does', () => {
  const bytes = splitMix(1_000_000);
  let at = 0;
  const hashes = SPLITMIX_CHUNKS.map(([, sizeBytes]) => hashText(chunkHash(bytes.subarray(at, (at += sizeBytes)))));
  expect(hashes).toEqual(SPLITMIX_CHUNKS.map(([hash]) => hash));
  const nodes = SPLITMIX_CHUNKS.map(([hash, sizeBytes]) => ({ hash: fromText(hash), sizeBytes }));
  expect([hashText(xorbHash(nodes)), hashText(fileHash(nodes))]).toEqual([SPLITMIX_XORB, SPLITMIX_FILE]);
});

test('hashes nothing, little, and exactly a block or a leaf', () => {
  const text = (bytes: Uint8Array): string => hashText(chunkHash(bytes));
  expect(text(Buffer.alloc(0))).toBe('e0f2cf784e7e5f10c34f84af150e9a5ff9664216debad915364d741049870f67');
  expect(text(Buffer.from('hello world'))).toBe('4e39378b9d359f118190557a1f44130219a54e5fcfa07bd96cf50b466fe651b1');
  expect(text(Buffer.alloc(8192))).toBe('d88a3b08a2ac3c73417e59b165220ff5a1975c3d4e2a84b003c40cb7f392c443');
  const key = Buffer.alloc(32, 1);
  expect(hashText(keyedHash(key, fromText('4e39378b9d359f118190557a1f44130219a54e5fcfa07bd96cf50b466fe651b1')))).toBe(
    '777839130e63dcfdb39a42c24e041eac072ef972e1a01f7111b747dabee15066',
  );
});

/** https://github.com/BLAKE3-team/BLAKE3/blob/master/test_vectors/test_vectors.json: bytes count up to 250, the first 32 bytes out. */
test('hashes as BLAKE3 does', () => {
  const key = Buffer.from('whats the Elvish word for friend');
  const input = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => index % 251));
  expect(keyedHash(key, input(0)).toString('hex')).toBe(
    '92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26',
  );
});

test('builds the trees of the reference', () => {
  expect(MERKLE.length).toBeGreaterThan(12);
  for (const { nodes, xorb, files } of MERKLE) {
    const list = nodes.map(([hash, sizeBytes]) => ({ hash: fromText(hash), sizeBytes }));
    expect(hashText(xorbHash(list))).toBe(xorb);
    for (const [salt, hash] of files) expect(hashText(fileHash(list, fromText(salt)))).toBe(hash);
  }
  const large = LARGE_NODES.map((hash, index) => ({ hash: fromText(hash), sizeBytes: 858_993_459_200 + 100 * index }));
  expect(hashText(xorbHash(large))).toBe(LARGE_XORB);
});
