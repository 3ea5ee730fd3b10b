/**
 * BLAKE3 in its keyed mode, 32 bytes out (the BLAKE3 paper, §2). Written for inputs of one chunk of a xorb: everything is in memory
 * and hashed in one go.
 */
const IV = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19] as const;
const LEAF_BYTES = 1024;
const BLOCK_BYTES = 64;
const FLAG = { start: 1, end: 2, parent: 4, root: 8, keyed: 16 } as const;
const WORDS = 8;
/** Deeper than any input that fits in memory. */
const MAX_DEPTH = 54;

/** Chaining values of finished subtrees, and behind them the one in the making. */
const stack = new Int32Array((MAX_DEPTH + 2) * WORDS);
const keyWords = new Int32Array(WORDS);
const block = new Int32Array(16);
const blockBytes = new Uint8Array(block.buffer);
const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Hash of `bytes` under a key of 32 bytes. */
export function keyedHash(key: Uint8Array, bytes: Uint8Array): Buffer {
  if (!isLittleEndian) throw new Error('Only little-endian machines can hash here');
  keyWords.set(new Int32Array(Uint8Array.from(key).buffer));
  let depth = 0;
  const leaves = Math.max(1, Math.ceil(bytes.length / LEAF_BYTES));
  for (let leaf = 0; leaf < leaves; leaf += 1) {
    const isOnly = leaves === 1;
    hashLeaf(bytes, leaf, depth * WORDS, isOnly ? FLAG.root : 0);
    depth += 1;
    if (leaf === leaves - 1) break;
    // As many subtrees are complete as the count of leaves has trailing zeros.
    for (let count = leaf + 1; (count & 1) === 0; count >>>= 1) depth = joinTop(depth, 0);
  }
  while (depth > 1) depth = joinTop(depth, depth === 2 ? FLAG.root : 0);
  return Buffer.from(new Uint8Array(stack.buffer, 0, 32));
}

function joinTop(depth: number, flags: number): number {
  const left = (depth - 2) * WORDS;
  block.set(stack.subarray(left, left + 2 * WORDS));
  stack.set(keyWords, left);
  compress(left, 0, BLOCK_BYTES, FLAG.parent | FLAG.keyed | flags);
  return depth - 1;
}

function hashLeaf(bytes: Uint8Array, leaf: number, at: number, rootFlag: number): void {
  stack.set(keyWords, at);
  const end = Math.min(bytes.length, (leaf + 1) * LEAF_BYTES);
  let from = leaf * LEAF_BYTES;
  let flags = FLAG.keyed | FLAG.start;
  for (; end - from > BLOCK_BYTES; from += BLOCK_BYTES) {
    loadBlock(bytes, from);
    compress(at, leaf, BLOCK_BYTES, flags);
    flags = FLAG.keyed;
  }
  blockBytes.fill(0);
  blockBytes.set(bytes.subarray(from, end));
  compress(at, leaf, end - from, flags | FLAG.end | rootFlag);
}

function loadBlock(bytes: Uint8Array, from: number): void {
  for (let index = 0, at = from; index < 16; index += 1, at += 4) {
    block[index] =
      (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  }
}

/** Compresses `block` into the chaining value at `at` of the stack; all in locals, or it is ten times slower. */
function compress(at: number, counter: number, length: number, flags: number): void {
  let m0 = block[0] ?? 0;
  let m1 = block[1] ?? 0;
  let m2 = block[2] ?? 0;
  let m3 = block[3] ?? 0;
  let m4 = block[4] ?? 0;
  let m5 = block[5] ?? 0;
  let m6 = block[6] ?? 0;
  let m7 = block[7] ?? 0;
  let m8 = block[8] ?? 0;
  let m9 = block[9] ?? 0;
  let m10 = block[10] ?? 0;
  let m11 = block[11] ?? 0;
  let m12 = block[12] ?? 0;
  let m13 = block[13] ?? 0;
  let m14 = block[14] ?? 0;
  let m15 = block[15] ?? 0;
  let v0 = stack[at] ?? 0;
  let v1 = stack[at + 1] ?? 0;
  let v2 = stack[at + 2] ?? 0;
  let v3 = stack[at + 3] ?? 0;
  let v4 = stack[at + 4] ?? 0;
  let v5 = stack[at + 5] ?? 0;
  let v6 = stack[at + 6] ?? 0;
  let v7 = stack[at + 7] ?? 0;
  let v8: number = IV[0];
  let v9: number = IV[1];
  let v10: number = IV[2];
  let v11: number = IV[3];
  let v12 = counter | 0;
  let v13 = 0;
  let v14 = length;
  let v15 = flags;
  for (let round = 0; ; round += 1) {
    v0 = (v0 + v4 + m0) | 0;
    v12 ^= v0;
    v12 = (v12 >>> 16) | (v12 << 16);
    v8 = (v8 + v12) | 0;
    v4 ^= v8;
    v4 = (v4 >>> 12) | (v4 << 20);
    v0 = (v0 + v4 + m1) | 0;
    v12 ^= v0;
    v12 = (v12 >>> 8) | (v12 << 24);
    v8 = (v8 + v12) | 0;
    v4 ^= v8;
    v4 = (v4 >>> 7) | (v4 << 25);
    v1 = (v1 + v5 + m2) | 0;
    v13 ^= v1;
    v13 = (v13 >>> 16) | (v13 << 16);
    v9 = (v9 + v13) | 0;
    v5 ^= v9;
    v5 = (v5 >>> 12) | (v5 << 20);
    v1 = (v1 + v5 + m3) | 0;
    v13 ^= v1;
    v13 = (v13 >>> 8) | (v13 << 24);
    v9 = (v9 + v13) | 0;
    v5 ^= v9;
    v5 = (v5 >>> 7) | (v5 << 25);
    v2 = (v2 + v6 + m4) | 0;
    v14 ^= v2;
    v14 = (v14 >>> 16) | (v14 << 16);
    v10 = (v10 + v14) | 0;
    v6 ^= v10;
    v6 = (v6 >>> 12) | (v6 << 20);
    v2 = (v2 + v6 + m5) | 0;
    v14 ^= v2;
    v14 = (v14 >>> 8) | (v14 << 24);
    v10 = (v10 + v14) | 0;
    v6 ^= v10;
    v6 = (v6 >>> 7) | (v6 << 25);
    v3 = (v3 + v7 + m6) | 0;
    v15 ^= v3;
    v15 = (v15 >>> 16) | (v15 << 16);
    v11 = (v11 + v15) | 0;
    v7 ^= v11;
    v7 = (v7 >>> 12) | (v7 << 20);
    v3 = (v3 + v7 + m7) | 0;
    v15 ^= v3;
    v15 = (v15 >>> 8) | (v15 << 24);
    v11 = (v11 + v15) | 0;
    v7 ^= v11;
    v7 = (v7 >>> 7) | (v7 << 25);
    v0 = (v0 + v5 + m8) | 0;
    v15 ^= v0;
    v15 = (v15 >>> 16) | (v15 << 16);
    v10 = (v10 + v15) | 0;
    v5 ^= v10;
    v5 = (v5 >>> 12) | (v5 << 20);
    v0 = (v0 + v5 + m9) | 0;
    v15 ^= v0;
    v15 = (v15 >>> 8) | (v15 << 24);
    v10 = (v10 + v15) | 0;
    v5 ^= v10;
    v5 = (v5 >>> 7) | (v5 << 25);
    v1 = (v1 + v6 + m10) | 0;
    v12 ^= v1;
    v12 = (v12 >>> 16) | (v12 << 16);
    v11 = (v11 + v12) | 0;
    v6 ^= v11;
    v6 = (v6 >>> 12) | (v6 << 20);
    v1 = (v1 + v6 + m11) | 0;
    v12 ^= v1;
    v12 = (v12 >>> 8) | (v12 << 24);
    v11 = (v11 + v12) | 0;
    v6 ^= v11;
    v6 = (v6 >>> 7) | (v6 << 25);
    v2 = (v2 + v7 + m12) | 0;
    v13 ^= v2;
    v13 = (v13 >>> 16) | (v13 << 16);
    v8 = (v8 + v13) | 0;
    v7 ^= v8;
    v7 = (v7 >>> 12) | (v7 << 20);
    v2 = (v2 + v7 + m13) | 0;
    v13 ^= v2;
    v13 = (v13 >>> 8) | (v13 << 24);
    v8 = (v8 + v13) | 0;
    v7 ^= v8;
    v7 = (v7 >>> 7) | (v7 << 25);
    v3 = (v3 + v4 + m14) | 0;
    v14 ^= v3;
    v14 = (v14 >>> 16) | (v14 << 16);
    v9 = (v9 + v14) | 0;
    v4 ^= v9;
    v4 = (v4 >>> 12) | (v4 << 20);
    v3 = (v3 + v4 + m15) | 0;
    v14 ^= v3;
    v14 = (v14 >>> 8) | (v14 << 24);
    v9 = (v9 + v14) | 0;
    v4 ^= v9;
    v4 = (v4 >>> 7) | (v4 << 25);
    if (round === 6) break;
    const kept0 = m0;
    m0 = m2;
    m2 = m3;
    m3 = m10;
    m10 = m12;
    m12 = m9;
    m9 = m11;
    m11 = m5;
    m5 = kept0;
    const kept1 = m1;
    m1 = m6;
    m6 = m4;
    m4 = m7;
    m7 = m13;
    m13 = m14;
    m14 = m15;
    m15 = m8;
    m8 = kept1;
  }
  stack[at] = v0 ^ v8;
  stack[at + 1] = v1 ^ v9;
  stack[at + 2] = v2 ^ v10;
  stack[at + 3] = v3 ^ v11;
  stack[at + 4] = v4 ^ v12;
  stack[at + 5] = v5 ^ v13;
  stack[at + 6] = v6 ^ v14;
  stack[at + 7] = v7 ^ v15;
}
