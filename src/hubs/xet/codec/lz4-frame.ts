import type { Codec } from '../wasm/codec.js';

const MAGIC = 0x184d2204;
const VERSION_MASK = 0xc0;
const VERSION = 0x40;
const INDEPENDENT = 0x20;
const BLOCK_CHECKSUMS = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const RESERVED = 0x02;
const DICTIONARY = 0x01;
const STORED = 0x80000000;

/**
 * Decodes the LZ4 frame (lz4_Frame_format.md) at [from, fromEnd) of the codec's memory to exactly [to, toEnd). Gives what is wrong with it, or
 * undefined. Its own checksums are passed over: what counts is the hash of the chunk. Frames that need a dictionary are refused.
 */
export function decodeFrame(
  codec: Codec,
  from: number,
  fromEnd: number,
  to: number,
  toEnd: number,
): string | undefined {
  const head = readHead(codec.memory, from, fromEnd);
  if (typeof head === 'string') return head;
  const { memory } = codec;
  const { at: blocksFrom, flags, maxBlockBytes } = head;
  const isLinked = (flags & INDEPENDENT) === 0;
  const checksumBytes = (flags & BLOCK_CHECKSUMS) === 0 ? 0 : 4;
  let at = blocksFrom;
  let output = to;
  for (;;) {
    if (fromEnd - at < 4) return 'a frame without an end';
    const size = uint32(memory, at);
    at += 4;
    if (size === 0) break;
    const bytes = size & ~STORED;
    if (bytes > maxBlockBytes || bytes > fromEnd - at - checksumBytes) return 'a block that reaches beyond its frame';
    const outputEnd = Math.min(toEnd, output + maxBlockBytes);
    if (size >= STORED) {
      if (bytes > outputEnd - output) return 'more bytes than it said';
      memory.copyWithin(output, at, at + bytes);
      output += bytes;
    } else {
      output = codec.lz4(at, at + bytes, output, isLinked ? to : output, outputEnd);
      if (output < 0) return 'a broken LZ4 block';
    }
    at += bytes + checksumBytes;
  }
  if (fromEnd - at !== ((flags & CONTENT_CHECKSUM) === 0 ? 0 : 4)) return 'bytes behind the frame';
  return output === toEnd ? undefined : 'fewer bytes than it said';
}

interface Head {
  readonly at: number;
  readonly flags: number;
  readonly maxBlockBytes: number;
}

function readHead(memory: Uint8Array, from: number, fromEnd: number): Head | string {
  if (fromEnd - from < 7 || uint32(memory, from) !== MAGIC) return 'no LZ4 frame';
  const flags = memory[from + 4] ?? 0;
  const sizes = memory[from + 5] ?? 0;
  if ((flags & VERSION_MASK) !== VERSION || (flags & RESERVED) !== 0) return 'an unknown version of LZ4 frames';
  if ((flags & DICTIONARY) !== 0) return 'a frame that needs a dictionary';
  const sizeClass = sizes >>> 4;
  if (sizeClass < 4 || sizeClass > 7 || (sizes & 15) !== 0) return 'a frame with an unknown size of blocks';
  const at = from + 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8);
  return at > fromEnd ? 'a frame without an end' : { at, flags, maxBlockBytes: 1 << (8 + 2 * sizeClass) };
}

function uint32(memory: Uint8Array, at: number): number {
  return (
    ((memory[at] ?? 0) |
      ((memory[at + 1] ?? 0) << 8) |
      ((memory[at + 2] ?? 0) << 16) |
      ((memory[at + 3] ?? 0) << 24)) >>>
    0
  );
}
