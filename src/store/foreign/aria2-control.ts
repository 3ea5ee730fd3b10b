import { joinRanges } from './claims.js';
import type { ByteRange } from './foreign-partial.js';

export interface Aria2Control {
  readonly totalBytes: number;
  /** What its bitfield says is whole. */
  readonly ranges: readonly ByteRange[];
}

/**
 * Reads an aria2 control file (aria2 manual, "Control File (*.aria2) Format"): version 1, big-endian, and version 0, which had the
 * byte order of its machine and is read as little-endian. Never throws: undefined for anything malformed.
 */
export function parseAria2Control(bytes: Buffer): Aria2Control | undefined {
  try {
    return parse(bytes);
  } catch {
    return undefined;
  }
}

function parse(bytes: Buffer): Aria2Control | undefined {
  const version = bytes.readUInt16BE(0);
  if (version > 1) return undefined;
  const u32 = (at: number): number => (version === 1 ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const u64 = (at: number): number => Number(version === 1 ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  const at = 10 + u32(6);
  const pieceBytes = u32(at);
  const totalBytes = u64(at + 4);
  const bitfieldBytes = u32(at + 20);
  const bitfield = bytes.subarray(at + 24, at + 24 + bitfieldBytes);
  if (pieceBytes === 0 || !Number.isSafeInteger(totalBytes)) return undefined;
  const pieces = Math.ceil(totalBytes / pieceBytes);
  if (bitfield.length !== Math.ceil(pieces / 8)) return undefined;
  return { totalBytes, ranges: joinRanges(wholePieces(bitfield, pieces, pieceBytes), totalBytes) };
}

function wholePieces(bitfield: Buffer, pieces: number, pieceBytes: number): readonly ByteRange[] {
  const ranges: ByteRange[] = [];
  for (let index = 0; index < pieces; index += 1) {
    // The highest bit of the first byte is piece 0.
    const isWhole = ((bitfield[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
    if (isWhole) ranges.push({ startByte: index * pieceBytes, endByte: (index + 1) * pieceBytes });
  }
  return ranges;
}
