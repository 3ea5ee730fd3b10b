const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/** BLAKE3's keyed hash, written from the paper as it stands there (recursive, one word at a time) to judge the fast one. */
export function slowKeyedHash(key: Uint8Array, input: Uint8Array): Buffer {
  return wordsToBytes(subtree(bytesToWords(key), input, 0, 8));
}

function subtree(key: number[], input: Uint8Array, firstLeaf: number, root: number): number[] {
  if (input.length <= 1024) return leaf(key, input, firstLeaf, root);
  let left = 1024;
  while (left * 2 < input.length) left *= 2;
  const children = [
    ...subtree(key, input.subarray(0, left), firstLeaf, 0),
    ...subtree(key, input.subarray(left), firstLeaf + left / 1024, 0),
  ];
  return compress(key, children, 0, 64, 16 | 4 | root);
}

function leaf(key: number[], input: Uint8Array, counter: number, root: number): number[] {
  let value = key;
  let at = 0;
  do {
    const block = input.subarray(at, at + 64);
    const isLast = at + 64 >= input.length;
    const flags = 16 | (at === 0 ? 1 : 0) | (isLast ? 2 | root : 0);
    const padded = new Uint8Array(64);
    padded.set(block);
    value = compress(value, bytesToWords(padded), counter, block.length, flags);
    at += 64;
  } while (at < input.length);
  return value;
}

function compress(value: number[], block: number[], counter: number, length: number, flags: number): number[] {
  const v = [...value, ...INITIAL.slice(0, 4), counter, 0, length, flags];
  let m = block;
  const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));
  const mix = (a: number, b: number, c: number, d: number, x: number, y: number): void => {
    v[a] = (v[a]! + v[b]! + x) | 0;
    v[d] = rotate(v[d]! ^ v[a], 16);
    v[c] = (v[c]! + v[d]) | 0;
    v[b] = rotate(v[b]! ^ v[c], 12);
    v[a] = (v[a] + v[b] + y) | 0;
    v[d] = rotate(v[d] ^ v[a], 8);
    v[c] = (v[c] + v[d]) | 0;
    v[b] = rotate(v[b] ^ v[c], 7);
  };
  for (let round = 0; round < 7; round += 1) {
    for (let column = 0; column < 4; column += 1)
      mix(column, column + 4, column + 8, column + 12, m[column * 2]!, m[column * 2 + 1]!);
    for (let diagonal = 0; diagonal < 4; diagonal += 1)
      mix(
        diagonal,
        ((diagonal + 1) % 4) + 4,
        ((diagonal + 2) % 4) + 8,
        ((diagonal + 3) % 4) + 12,
        m[8 + diagonal * 2]!,
        m[9 + diagonal * 2]!,
      );
    m = PERMUTATION.map((index) => m[index]!);
  }
  return v.slice(0, 8).map((word, index) => word ^ v[index + 8]!);
}

function bytesToWords(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4, true));
}

function wordsToBytes(words: number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => bytes.writeUInt32LE(word >>> 0, index * 4));
  return bytes;
}
