import type { Content } from './content.js';
import { seededRandom } from './random.js';

export interface SeededContentOptions {
  readonly seed: number | string;
  readonly sizeBytes: number;
  /** `random` bytes (incompressible), or small `bf16` numbers as weights have them. */
  readonly style?: 'random' | 'bf16';
}

const PATTERN_BYTES = 1024 * 1024;
const KEPT_BYTES = 64 * 1024 * 1024;
const SLOT_BYTES = 4096;
const STAMP_BYTES = 8;

/**
 * Deterministic content of any size. A pattern of 1 MiB repeats, turned by another amount in every block, and every 4 KiB
 * slot carries its number: no two slots are alike, so bytes in the wrong place are always seen. Costs a copy to read.
 */
export function seededContent({ seed, sizeBytes, style = 'random' }: SeededContentOptions): Content {
  const patternBytes = Math.min(PATTERN_BYTES, Math.ceil(sizeBytes / 8) * 8);
  return {
    sizeBytes,
    read: (offset, length) => fill(findPattern(seed, style, patternBytes), offset, length),
  };
}

/** Patterns lately used, the least recent first. A repository of thousands of small files must not keep them all. */
const patterns = new Map<string, Buffer>();
let keptBytes = 0;

function findPattern(seed: number | string, style: 'random' | 'bf16', patternBytes: number): Buffer {
  const key = `${style} ${patternBytes} ${typeof seed} ${seed}`;
  const pattern = patterns.get(key) ?? makePattern(seed, style, patternBytes);
  if (!patterns.delete(key)) keptBytes += pattern.length;
  patterns.set(key, pattern);
  for (const [oldKey, old] of patterns) {
    if (keptBytes <= KEPT_BYTES) break;
    patterns.delete(oldKey);
    keptBytes -= old.length;
  }
  return pattern;
}

function fill(pattern: Buffer, offset: number, length: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  let written = 0;
  while (written < length) {
    const at = offset + written;
    const block = Math.floor(at / PATTERN_BYTES);
    const turn = (Math.imul(block, 0x9e3779b1) >>> 12) & ~7;
    const from = ((at % PATTERN_BYTES) + turn) % PATTERN_BYTES;
    const untilBlockEnd = PATTERN_BYTES - (at % PATTERN_BYTES);
    const count = Math.min(length - written, untilBlockEnd, PATTERN_BYTES - from);
    pattern.copy(out, written, from, from + count);
    written += count;
  }
  stamp(out, offset);
  return out;
}

function stamp(out: Buffer, offset: number): void {
  const first = Math.floor(offset / SLOT_BYTES);
  const last = Math.floor((offset + out.length - 1) / SLOT_BYTES);
  for (let slot = first; slot <= last; slot += 1) {
    const at = slot * SLOT_BYTES - offset;
    for (let index = 0; index < STAMP_BYTES; index += 1) {
      if (at + index >= 0 && at + index < out.length) out[at + index] = stampByte(slot, index);
    }
  }
}

/** The slot's number, a byte of it in each of four bfloat16 numbers, so that these stay small. */
function stampByte(slot: number, index: number): number {
  return index % 2 === 1 ? 0x3c : (slot >>> (index * 4)) & 0xff;
}

/** xorshift32: nothing but speed is asked of it. */
function makePattern(seed: number | string, style: 'random' | 'bf16', patternBytes: number): Buffer {
  const words = new Uint32Array(patternBytes / 4);
  const isBf16 = style === 'bf16';
  let state = Math.floor(seededRandom(seed)() * 0xffff_fffe) + 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = isBf16 ? smallNumbers(state) : state;
  }
  return Buffer.from(words.buffer);
}

/** Two bfloat16 numbers whose exponents lie around 2^-6, as those of trained layers do. */
function smallNumbers(word: number): number {
  const one = (half: number): number => (half & 0x8000) | ((0x77 + ((half >>> 8) & 0x3)) << 7) | (half & 0x7f);
  return (one(word >>> 16) << 16) | one(word & 0xffff);
}
