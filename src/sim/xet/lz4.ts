/**
 * LZ4 frames of one block (LZ4 frame format 1.6.1, block format), as the writer of hf_xet makes them: blocks independent, no checksums,
 * no content size. Greedy, with one table of 16 bits: about as good as any fast encoder.
 */
const TABLE_BITS = 14;
const MIN_MATCH = 4;
/** The last match begins at least 12 bytes before the end, and the last 5 bytes are literals. */
const LAST_MATCH_BYTES = 12;
const LAST_LITERALS = 5;
const MAX_DISTANCE = 65_535;
/** After so many misses the search takes larger steps. */
const SKIP_BITS = 6;
const SMALL_BLOCK_BYTES = 64 * 1024;
const HEAD_SMALL = Buffer.from('04224d18604082', 'hex');
const HEAD_LARGE = Buffer.from('04224d186050fb', 'hex');
const STORED = 0x8000_0000;
const FRAME_EXTRA_BYTES = HEAD_SMALL.length + 4 + 4;

const table = new Int32Array(1 << TABLE_BITS);

/** A frame of the bytes, or undefined when it would not be shorter than they are. At most 256 KiB. */
export function lz4Frame(bytes: Uint8Array): Buffer | undefined {
  const out = Buffer.allocUnsafe(bytes.length + FRAME_EXTRA_BYTES);
  const head = bytes.length <= SMALL_BLOCK_BYTES ? HEAD_SMALL : HEAD_LARGE;
  head.copy(out, 0);
  const start = head.length + 4;
  const length = compressBlock(bytes, out, start, bytes.length);
  if (length === undefined || start + length + 4 >= bytes.length) return undefined;
  out.writeUInt32LE(length, head.length);
  out.writeUInt32LE(0, start + length);
  return out.subarray(0, start + length + 4);
}

/** Where the first literal of a chunk's frame lies: to be spoiled. A block always begins with a literal. */
export function firstLiteral(frame: Uint8Array): number {
  const start = HEAD_SMALL.length + 4;
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  if ((view.readUInt32LE(HEAD_SMALL.length) & STORED) !== 0) return start;
  let at = start + 1;
  if ((frame[start] ?? 0) >>> 4 === 15) {
    while (frame[at] === 255) at += 1;
    at += 1;
  }
  return at;
}

/** Bytes written at `outAt`, undefined when they would be more than `limit`. */
function compressBlock(from: Uint8Array, out: Buffer, outAt: number, limit: number): number | undefined {
  table.fill(-1);
  const searchEnd = from.length - LAST_MATCH_BYTES;
  const matchEnd = from.length - LAST_LITERALS;
  const outEnd = outAt + limit;
  let to = outAt;
  let anchor = 0;
  let at = 0;
  let misses = 0;
  while (at <= searchEnd) {
    const word = wordAt(from, at);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - TABLE_BITS);
    const candidate = table[slot] ?? -1;
    table[slot] = at;
    if (candidate < 0 || at - candidate > MAX_DISTANCE || wordAt(from, candidate) !== word) {
      misses += 1;
      at += 1 + (misses >>> SKIP_BITS);
      continue;
    }
    misses = 0;
    let back = 0;
    while (at - back > anchor && candidate - back > 0 && from[at - back - 1] === from[candidate - back - 1]) back += 1;
    let length = MIN_MATCH;
    while (at + length < matchEnd && from[at + length] === from[candidate + length]) length += 1;
    const literals = at - back - anchor;
    if (to + literals + (literals + length + back) / 255 + 8 > outEnd) return undefined;
    to = putSequence(from, anchor, literals, out, to, length + back - MIN_MATCH);
    const distance = at - candidate;
    out[to] = distance & 0xff;
    out[to + 1] = distance >>> 8;
    to = putRest(out, to + 2, length + back - MIN_MATCH);
    at += length;
    anchor = at;
    if (at - 2 <= searchEnd) table[Math.imul(wordAt(from, at - 2), 0x9e3779b1) >>> (32 - TABLE_BITS)] = at - 2;
  }
  const literals = from.length - anchor;
  if (to + literals + literals / 255 + 8 > outEnd) return undefined;
  return putSequence(from, anchor, literals, out, to, 0) - outAt;
}

/** Token, length of the literals, literals. */
function putSequence(
  from: Uint8Array,
  anchor: number,
  literals: number,
  out: Buffer,
  at: number,
  matchRest: number,
): number {
  out[at] = (Math.min(15, literals) << 4) | Math.min(15, matchRest);
  const to = putRest(out, at + 1, literals);
  if (literals > 64) out.set(from.subarray(anchor, anchor + literals), to);
  else for (let index = 0; index < literals; index += 1) out[to + index] = from[anchor + index] ?? 0;
  return to + literals;
}

/** What of a length does not fit in the token's four bits. */
function putRest(out: Buffer, at: number, length: number): number {
  if (length < 15) return at;
  let rest = length - 15;
  let to = at;
  for (; rest >= 255; rest -= 255, to += 1) out[to] = 255;
  out[to] = rest;
  return to + 1;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}
