import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SPLITMIX_CHUNKS, SPLITMIX_FILE, SPLITMIX_XORB, randomNumbers, splitmix } from '../testing/data.js';
import { slowKeyedHash } from '../testing/slow-blake3.js';
import { compileCodec, createCodec } from '../wasm/codec.js';
import { hashText, parseHashText } from './hash-text.js';
import { DATA_KEY } from './keys.js';
import { fileId, merkleRoot, type ChunkSequence } from './merkle.js';

const codec = createCodec(compileCodec());

function chunkHash(bytes: Uint8Array): string {
  codec.memory.set(bytes, codec.outputAt);
  return hashText(codec.keyedHash(DATA_KEY, codec.outputAt, bytes.length));
}

describe('chunk hashes', () => {
  it('are those of the published examples', () => {
    expect(chunkHash(Buffer.alloc(0))).toBe('e0f2cf784e7e5f10c34f84af150e9a5ff9664216debad915364d741049870f67');
    expect(chunkHash(Buffer.from('hello world'))).toBe(
      '4e39378b9d359f118190557a1f44130219a54e5fcfa07bd96cf50b466fe651b1',
    );
    expect(chunkHash(Buffer.alloc(8192))).toBe('d88a3b08a2ac3c73417e59b165220ff5a1975c3d4e2a84b003c40cb7f392c443');
  });

  it('are those of the reference implementation for nineteen chunks of all sizes', () => {
    const data = splitmix(1_000_000, 0n);
    expect(createHash('sha256').update(data).digest('hex')).toBe(
      'b3d0a1f7938cd4d8413a4dcffd4313e2e8ac0cb61cb1090eb140ea8e9154befb',
    );
    let from = 0;
    for (const [end, hash] of SPLITMIX_CHUNKS) {
      expect(chunkHash(data.subarray(from, end))).toBe(hash);
      from = end;
    }
  });

  it('are BLAKE3 at every length around the borders of blocks, leaves and groups of four', () => {
    const random = randomNumbers(7);
    const data = Buffer.from(Array.from({ length: 20_000 }, () => Math.floor(random() * 256)));
    const near = [0, 64, 1024, 2048, 3072, 4096, 5120, 7168, 8192, 9216, 16_384, 17_408].flatMap((border) =>
      [-65, -1, 0, 1, 63, 64, 65].map((step) => border + step),
    );
    for (const length of near.filter((candidate) => candidate >= 0)) {
      const bytes = data.subarray(0, length);
      expect([length, chunkHash(bytes)]).toEqual([length, hashText(slowKeyedHash(DATA_KEY, bytes))]);
    }
  });

  it('depend on key, place and every byte', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 3000 }),
        fc.nat({ max: 100_000 }),
        (key, bytes, place) => {
          codec.memory.set(bytes, codec.outputAt + place);
          expect(Buffer.from(codec.keyedHash(key, codec.outputAt + place, bytes.length))).toEqual(
            slowKeyedHash(key, bytes),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

interface Tree {
  readonly nodes: readonly (readonly [string, number])[];
  readonly xorb: string;
  readonly files: readonly (readonly [string, string])[];
}

describe('trees over chunks', () => {
  const lines = readFileSync(new URL('../testing/merkle-vectors.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const trees = lines.map((line) => JSON.parse(line) as Tree);

  /** The sizes of the vectors are beyond what a chunk can have. */
  const listOf = (nodes: Tree['nodes']): ChunkSequence => ({
    count: nodes.length,
    hashAt: (index) => parseHashText(nodes[index]![0]),
    lengthAt: (index) => nodes[index]![1],
  });

  it.each(trees.map((tree) => [tree.nodes.length, tree] as const))('of %i chunks are the reference’s', (_, tree) => {
    const list = listOf(tree.nodes);
    expect(hashText(merkleRoot(codec, list))).toBe(tree.xorb);
    for (const [salt, id] of tree.files) expect(hashText(fileId(codec, list, parseHashText(salt)))).toBe(id);
  });

  it('of a file in nineteen chunks give its xorb and its id', () => {
    const list = listOf(
      SPLITMIX_CHUNKS.map(([end, hash], index) => [hash, end - (SPLITMIX_CHUNKS[index - 1]?.[0] ?? 0)]),
    );
    expect(hashText(merkleRoot(codec, list))).toBe(SPLITMIX_XORB);
    expect(hashText(fileId(codec, list))).toBe(SPLITMIX_FILE);
  });
});

describe('the text of a hash', () => {
  it('turns each group of eight bytes round', () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, index) => index);
    expect(hashText(bytes)).toBe('07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918');
    expect(parseHashText(hashText(bytes).toUpperCase())).toEqual(bytes);
  });

  it.each(['', 'ab', 'g'.repeat(64), '0'.repeat(65)])('refuses %j', (text) => {
    expect(() => parseHashText(text)).toThrow('Xet hash');
  });
});
