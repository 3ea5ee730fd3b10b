import { groupBytes, prefersGrouping } from './bg4.js';
import { lz4Frame } from './lz4.js';
import { chunkHash } from './merkle.js';

/** How chunks are compressed: `auto` decides for every 32 chunks as hf_xet does, `none` stores them. What does not shrink is stored always. */
export type XetCompression = 'auto' | 'none' | 'lz4' | 'bg4';

/** Schemes as the record's header has them. */
const SCHEME = { none: 0, lz4: 1, bg4: 2 } as const;
export const RECORD_HEAD_BYTES = 8;
export const HASH_BYTES = 32;

export interface PackedChunks {
  /** 32 bytes each. */
  readonly hashes: Uint8Array;
  /** Of the records, heads included. */
  readonly recordBytes: readonly number[];
  readonly records: Uint8Array;
}

/** Turns neighbouring chunks of a file into records of a xorb (Xet specification 1.0.0, xorb format). `lengths` sum up to the bytes. */
export function packChunks(bytes: Uint8Array, lengths: readonly number[], compression: XetCompression): PackedChunks {
  const hashes = new Uint8Array(lengths.length * HASH_BYTES);
  const chosen = compression === 'auto' ? choose(bytes.subarray(0, lengths[0])) : compression;
  const records: Buffer[] = [];
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const chunk = bytes.subarray(at, at + length);
    hashes.set(chunkHash(chunk), index * HASH_BYTES);
    records.push(record(chunk, chosen));
    at += length;
  }
  return { hashes, recordBytes: records.map((each) => each.length), records: joined(records) };
}

/** In memory of its own, which can be given to another thread. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function choose(firstChunk: Uint8Array): 'lz4' | 'bg4' {
  return prefersGrouping(firstChunk) ? 'bg4' : 'lz4';
}

function record(chunk: Uint8Array, scheme: keyof typeof SCHEME): Buffer {
  const frame = scheme === 'none' ? undefined : lz4Frame(scheme === 'bg4' ? groupBytes(chunk) : chunk);
  const payload = frame ?? chunk;
  const out = Buffer.allocUnsafe(RECORD_HEAD_BYTES + payload.length);
  out.writeUInt8(0, 0);
  out.writeUIntLE(payload.length, 1, 3);
  out.writeUInt8(frame === undefined ? SCHEME.none : SCHEME[scheme], 4);
  out.writeUIntLE(chunk.length, 5, 3);
  out.set(payload, RECORD_HEAD_BYTES);
  return out;
}
