import { CHUNK_HEADER_BYTES, MAX_CHUNK_BYTES, MAX_PACKED_BYTES } from '../limits.js';
import type { Codec } from '../wasm/codec.js';
import { decodeFrame } from './lz4-frame.js';

export const STORED = 0;
export const LZ4 = 1;
export const BG4_LZ4 = 2;

/** The first 8 bytes of a chunk's record in a xorb. */
export interface ChunkHeader {
  /** Bytes behind the header. */
  readonly packedBytes: number;
  readonly scheme: number;
  readonly rawBytes: number;
}

/** Reads the header at `at`, of which all 8 bytes must be there; or says what is wrong with it. */
export function readChunkHeader(bytes: Uint8Array, at: number): ChunkHeader | string {
  const byte = (index: number): number => bytes[at + index] ?? 0;
  const uint24 = (index: number): number => byte(index) | (byte(index + 1) << 8) | (byte(index + 2) << 16);
  if (byte(0) !== 0) return `a chunk of the unknown version ${byte(0)}`;
  const header = { packedBytes: uint24(1), scheme: byte(4), rawBytes: uint24(5) };
  const { packedBytes, scheme, rawBytes } = header;
  if (scheme !== STORED && scheme !== LZ4 && scheme !== BG4_LZ4) return `a chunk of the unknown scheme ${scheme}`;
  if (rawBytes === 0 || rawBytes > MAX_CHUNK_BYTES) return `a chunk of ${rawBytes} bytes`;
  if (packedBytes === 0 || packedBytes > MAX_PACKED_BYTES) return `a chunk of ${packedBytes} stored bytes`;
  if (scheme === STORED && packedBytes !== rawBytes) return 'a stored chunk with two lengths';
  return header;
}

/**
 * Decodes the chunk whose payload stands at `from` of the codec's memory to `to`, where `header.rawBytes` and 16 more may be written.
 * Gives what is wrong with it, or undefined.
 */
export function decodeChunk(codec: Codec, header: ChunkHeader, from: number, to: number): string | undefined {
  const { packedBytes, scheme, rawBytes } = header;
  const fromEnd = from + packedBytes;
  if (scheme === STORED) {
    codec.memory.copyWithin(to, from, fromEnd);
    return undefined;
  }
  if (scheme === LZ4) return decodeFrame(codec, from, fromEnd, to, to + rawBytes);
  const fault = decodeFrame(codec, from, fromEnd, codec.groupsAt, codec.groupsAt + rawBytes);
  if (fault === undefined) codec.ungroup(codec.groupsAt, to, rawBytes);
  return fault;
}

/** Bytes of a whole record. */
export function recordBytes(header: ChunkHeader): number {
  return CHUNK_HEADER_BYTES + header.packedBytes;
}
