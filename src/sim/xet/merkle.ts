import { keyedHash } from './blake3.js';

/** Keys of the Xet specification 1.0.0, hashing. */
const CHUNK_KEY = Buffer.from('6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229', 'hex');
const NODE_KEY = Buffer.from('017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f', 'hex');
const ZEROS = Buffer.alloc(32);
/** A node of the tree has so many children at most. */
const MAX_CHILDREN = 9;

/** A leaf or an inner node: its hash, 32 bytes, and how many bytes of content lie below. */
export interface MerkleNode {
  readonly hash: Buffer;
  readonly sizeBytes: number;
}

/** The hash that names a chunk, of its uncompressed bytes. */
export function chunkHash(bytes: Uint8Array): Buffer {
  return keyedHash(CHUNK_KEY, bytes);
}

/** Hash over all chunks of a xorb in order: what names it. */
export function xorbHash(chunks: readonly MerkleNode[]): Buffer {
  let level = chunks;
  while (level.length > 1) {
    const above: MerkleNode[] = [];
    for (let at = 0; at < level.length;) {
      const count = childrenAt(level, at);
      above.push(join(level.slice(at, at + count)));
      at += count;
    }
    level = above;
  }
  return level[0]?.hash ?? ZEROS;
}

/** Hash over all chunks of a file in order, repeats included: what names the file. Zeros for an empty one. */
export function fileHash(chunks: readonly MerkleNode[], salt: Uint8Array = ZEROS): Buffer {
  return chunks.length === 0 ? ZEROS : keyedHash(salt, xorbHash(chunks));
}

/** The text form: four 64-bit numbers, each written as hexadecimal, while the bytes hold them little-endian. */
export function hashText(hash: Uint8Array): string {
  const bytes = Buffer.from(hash);
  return bytes.swap64().toString('hex');
}

/** Children end after the first, from the third on, whose hash says so; one that is left over alone gets a parent too. */
function childrenAt(level: readonly MerkleNode[], at: number): number {
  const most = Math.min(MAX_CHILDREN, level.length - at);
  for (let index = 2; index < most - 1; index += 1) {
    if ((level[at + index]?.hash[24] ?? 0) % 4 === 0) return index + 1;
  }
  return most;
}

function join(children: readonly MerkleNode[]): MerkleNode {
  const text = children.map(({ hash, sizeBytes }) => `${hashText(hash)} : ${sizeBytes}\n`).join('');
  return {
    hash: keyedHash(NODE_KEY, Buffer.from(text)),
    sizeBytes: children.reduce((sum, child) => sum + child.sizeBytes, 0),
  };
}
