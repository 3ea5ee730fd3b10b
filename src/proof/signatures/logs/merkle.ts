import { createHash } from 'node:crypto';
import { broken } from '../../signature-fault.js';

/** RFC 6962, 2.1: what a leaf of the tree is. */
export function leafHash(entry: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(entry).digest();
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

/**
 * The root that follows from an inclusion proof (RFC 9162, 2.1.3.2). Whoever asks compares it with one that a log signed.
 * @throws SignatureFault proof when the proof has not the length that index and size ask for
 */
export function rootOfInclusion(leaf: Buffer, index: bigint, size: bigint, path: readonly Buffer[]): Buffer {
  if (index < 0n || index >= size) throw broken('an index outside of the log');
  if (path.some(({ length }) => length !== 32)) throw broken('an inclusion proof of other hashes');
  let [at, last] = [index, size - 1n];
  let root = leaf;
  for (const sibling of path) {
    if (last === 0n) throw broken('an inclusion proof that is too long');
    if ((at & 1n) === 1n || at === last) {
      root = nodeHash(sibling, root);
      while ((at & 1n) === 0n && at !== 0n) [at, last] = [at >> 1n, last >> 1n];
    } else root = nodeHash(root, sibling);
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) throw broken('an inclusion proof that is too short');
  return root;
}
