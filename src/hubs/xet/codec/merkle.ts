import type { Codec } from '../wasm/codec.js';
import { HASH_BYTES } from './hash-text.js';
import { FILE_SALT, INTERNAL_NODE_KEY } from './keys.js';

/** Chunks in order, as trees over them need them. */
export interface ChunkSequence {
  readonly count: number;
  /** 32 bytes; a view that may not last. */
  hashAt(index: number): Uint8Array;
  /** Raw bytes. */
  lengthAt(index: number): number;
}

/** Nodes of one level: hashes back to back, and how many raw bytes are below each (above 2^32 in large files). */
interface Level {
  readonly hashes: Uint8Array;
  readonly sizes: Float64Array;
  readonly count: number;
}

const MOST_CHILDREN = 9;
/** 64 hex digits, " : ", a size, a line feed. */
const LINE_BYTES = 64 + 3 + 16 + 1;
const HEX = Buffer.from('0123456789abcdef');

/** The hash of a xorb: the Merkle root over its chunks (xet specification, "hashing"). Without chunks 32 zeros; of one chunk its own hash. */
export function merkleRoot(codec: Codec, chunks: ChunkSequence): Uint8Array {
  if (chunks.count === 0) return new Uint8Array(HASH_BYTES);
  let level = leavesOf(chunks);
  while (level.count > 1) level = levelAbove(codec, level);
  return level.hashes.slice(0, HASH_BYTES);
}

/** The id of a file from all its chunks in order, repeats included. Of an empty file 32 zeros. */
export function fileId(codec: Codec, chunks: ChunkSequence, salt: Uint8Array = FILE_SALT): Uint8Array {
  const root = merkleRoot(codec, chunks);
  if (chunks.count === 0) return root;
  codec.memory.set(root, codec.groupsAt);
  return codec.keyedHash(salt, codec.groupsAt, HASH_BYTES);
}

function leavesOf(chunks: ChunkSequence): Level {
  const { count } = chunks;
  const hashes = new Uint8Array(count * HASH_BYTES);
  const sizes = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    hashes.set(chunks.hashAt(index), index * HASH_BYTES);
    sizes[index] = chunks.lengthAt(index);
  }
  return { hashes, sizes, count };
}

function levelAbove(codec: Codec, level: Level): Level {
  const most = Math.ceil(level.count / 2);
  const hashes = new Uint8Array(most * HASH_BYTES);
  const sizes = new Float64Array(most);
  let count = 0;
  for (let start = 0; start < level.count; count += 1) {
    const end = start + groupSize(level, start);
    let at = codec.groupsAt;
    let size = 0;
    for (; start < end; start += 1) {
      at = writeLine(codec.memory, at, level, start);
      size += level.sizes[start] ?? 0;
    }
    hashes.set(codec.keyedHash(INTERNAL_NODE_KEY, codec.groupsAt, at - codec.groupsAt), count * HASH_BYTES);
    sizes[count] = size;
  }
  return { hashes, sizes, count };
}

/** A group ends behind a hash whose last 64-bit number divides by 4, counted from the third; it has two to nine nodes, except for a single last one. */
function groupSize({ hashes, count }: Level, start: number): number {
  const left = count - start;
  if (left <= 2) return left;
  const most = Math.min(MOST_CHILDREN, left);
  for (let index = 2; index < most; index += 1)
    if (((hashes[(start + index) * HASH_BYTES + 24] ?? 0) & 3) === 0) return index + 1;
  return most;
}

/** `<hash text> : <size>\n`; gives where it ends. */
function writeLine(memory: Uint8Array, at: number, { hashes, sizes }: Level, index: number): number {
  let to = at;
  for (let place = 0; place < HASH_BYTES; place += 1) {
    const byte = hashes[index * HASH_BYTES + ((place & ~7) | (7 - (place & 7)))] ?? 0;
    memory[to] = HEX[byte >>> 4] ?? 0;
    memory[to + 1] = HEX[byte & 15] ?? 0;
    to += 2;
  }
  const rest = ` : ${sizes[index] ?? 0}\n`;
  for (let place = 0; place < rest.length; place += 1) memory[to + place] = rest.charCodeAt(place);
  if (to + rest.length - at > LINE_BYTES) throw new RangeError('a size beyond 16 digits');
  return to + rest.length;
}
