import { GEAR_LOW, GEAR_MIDDLE, GEAR_TOP } from './gear-table.js';

const MIN_CHUNK_BYTES = 8192;
const MAX_CHUNK_BYTES = 131_072;
/** Bytes of a chunk that cannot matter: the hash forgets what is 64 bytes back, and no cut is made before the minimum. */
const UNHASHED_BYTES = MIN_CHUNK_BYTES - 64 - 1;
const LIMB = 0xff_ffff;

/** Where the cutting stands in the chunk it is in; zeros at a file's start. The hash of 64 bits is in three limbs. */
export interface GearState {
  readonly top: number;
  readonly middle: number;
  readonly low: number;
  /** Bytes of the current chunk so far. */
  readonly chunkBytes: number;
}

export const GEAR_START: GearState = { top: 0, middle: 0, low: 0, chunkBytes: 0 };

export interface Cuts {
  /** Lengths of the chunks that end in the block; the first began before it where the state says so. */
  readonly lengths: number[];
  readonly state: GearState;
}

/**
 * Cuts the next block of a file by its content (Xet specification 1.0.0, chunking; the rule since September 2025: no cut before the
 * minimum). The same cuts come out however the file is split into blocks. The rest at the end of a file is its last chunk.
 */
export function cutBlock(block: Uint8Array, start: GearState): Cuts {
  const lengths: number[] = [];
  let state = start;
  let at = 0;
  while (at < block.length) {
    const skipped = Math.min(Math.max(0, UNHASHED_BYTES - state.chunkBytes), block.length - at);
    const from = at + skipped;
    const before = state.chunkBytes + skipped;
    const end = Math.min(block.length, from + MAX_CHUNK_BYTES - before);
    const found = scan(block, from, from + MIN_CHUNK_BYTES - 1 - before, end, state);
    const chunkBytes = before + found.at - from;
    at = found.at;
    const isCut = found.isCut || chunkBytes === MAX_CHUNK_BYTES;
    if (isCut) lengths.push(chunkBytes);
    state = isCut ? GEAR_START : { top: found.top, middle: found.middle, low: found.low, chunkBytes };
  }
  return { lengths, state };
}

interface Found {
  readonly isCut: boolean;
  /** Behind the last byte looked at. */
  readonly at: number;
  readonly top: number;
  readonly middle: number;
  readonly low: number;
}

/** Looks for the first byte at `earliest` or later after which the top 16 bits of the hash are zero: hash = (hash << 1) + table[byte]. */
function scan(block: Uint8Array, from: number, earliest: number, end: number, state: GearState): Found {
  // Imported names are looked up anew each time, locals are not.
  const [tops, middles, lows] = [GEAR_TOP, GEAR_MIDDLE, GEAR_LOW];
  let { top, middle, low } = state;
  for (let at = from; at < end; at += 1) {
    const byte = block[at] ?? 0;
    low = (low << 1) + (lows[byte] ?? 0);
    middle = (middle << 1) + (middles[byte] ?? 0) + (low >>> 24);
    low &= LIMB;
    top = ((top << 1) + (tops[byte] ?? 0) + (middle >>> 24)) & 0xffff;
    middle &= LIMB;
    if (top === 0 && at >= earliest) return { isCut: true, at: at + 1, top, middle, low };
  }
  return { isCut: false, at: end, top, middle, low };
}
