import { readFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newKey } from '../../testing/pki.js';
import { Instance } from '../../testing/sigstore.js';
import { isCheckpointOf, parseCheckpoint } from './checkpoint.js';
import { leafHash, rootOfInclusion } from './merkle.js';

interface Vectors {
  readonly leaves: readonly string[];
  readonly leafHashes: readonly string[];
  readonly roots: readonly string[];
  readonly inclusion: readonly { readonly index: number; readonly size: number; readonly path: readonly string[] }[];
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'testing', 'rfc6962-vectors.json'), 'utf8'),
) as Vectors;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('inclusion in a tree of hashes (RFC 6962)', () => {
  it('hashes leaves as the vectors do', () => {
    expect(vectors.leaves.map((leaf) => leafHash(hex(leaf)).toString('hex'))).toEqual(vectors.leafHashes);
  });

  it('leads to the root in every vector, and with any part of the proof changed to another or none', () => {
    expect(vectors.inclusion.length).toBeGreaterThan(30);
    for (const { index, size, path } of vectors.inclusion) {
      const root = (leaf: string, at = index, of = size, by = path.map(hex)): string => {
        try {
          return rootOfInclusion(leafHash(hex(leaf)), BigInt(at), BigInt(of), by).toString('hex');
        } catch {
          return 'refused';
        }
      };
      const leaf = vectors.leaves[index] ?? '';
      const wanted = vectors.roots[size];
      expect(root(leaf)).toBe(wanted);
      expect(root(`${leaf}00`)).not.toBe(wanted);
      expect(root(leaf, size)).toBe('refused');
      expect(root(leaf, index, size, [...path.map(hex), hex(vectors.roots[1] ?? '')])).toBe('refused');
      if (path.length > 0) expect(root(leaf, index, size, path.slice(1).map(hex))).toBe('refused');
      for (const [place] of path.entries()) {
        const spoilt = path.map(hex);
        spoilt[place]!.writeUInt8((spoilt[place]![7] ?? 0) ^ 1, 7);
        expect(root(leaf, index, size, spoilt)).not.toBe(wanted);
      }
      for (let other = 0; other < size; other += 1) if (other !== index) expect(root(leaf, other)).not.toBe(wanted);
    }
  });
});

describe('a checkpoint', () => {
  const instance = new Instance();
  const proof = instance.entry(Buffer.from('{}')).inclusionProof;
  const note = proof.checkpoint.envelope;

  it('is that of the log whose key signed it', () => {
    expect(parseCheckpoint(note)).toMatchObject({ origin: 'log.example', size: 2n });
    expect(isCheckpointOf(parseCheckpoint(note), createPublicKey(instance.log))).toBe(true);
    expect(isCheckpointOf(parseCheckpoint(note), createPublicKey(newKey()))).toBe(false);
    expect(isCheckpointOf(parseCheckpoint(note.replace('\n2\n', '\n3\n')), createPublicKey(instance.log))).toBe(false);
  });

  it.each([
    ['no signature', note.split('\n\n')[0] ?? ''],
    ['no size', note.replace('\n2\n', '\nmany\n')],
    ['a leading zero', note.replace('\n2\n', '\n02\n')],
    ['another dash', note.replace('\u2014', '-')],
    ['a line more', `${note}x\n`],
  ])('is refused with %s', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow();
  });
});
