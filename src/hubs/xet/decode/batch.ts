import { CHUNK_HEADER_BYTES } from '../limits.js';
import { decodeChunk, readChunkHeader, recordBytes } from '../codec/chunk.js';
import { HASH_BYTES } from '../codec/hash-text.js';
import { DATA_KEY } from '../codec/keys.js';
import type { Codec } from '../wasm/codec.js';

/** Whole records, one behind the other, and where what they decode to belongs. */
export interface Batch {
  /** The records stand in [0, lengthBytes). */
  readonly bytes: SharedArrayBuffer;
  readonly lengthBytes: number;
  readonly count: number;
  readonly placements: Placements;
}

/** Four numbers each: which record, how many of its raw bytes to skip, how many to take, and where in the file they belong. */
export type Placements = Float64Array;

export const PLACEMENT_NUMBERS = 4;

/** Takes raw bytes that belong to `position`; they are the codec's and last as long as the call. */
export type Put = (bytes: Uint8Array, position: number) => void;

/** A record that is not what it should be. */
export interface Fault {
  readonly record: number;
  readonly reason: string;
}

/** Decodes and hashes every record, then puts what is wanted, neighbours together. Gives the hashes back to back, or the first fault. */
export function decodeBatch(codec: Codec, batch: Batch, put: Put): Uint8Array | Fault {
  const { lengthBytes, count, placements } = batch;
  if (lengthBytes > codec.inputBytes || lengthBytes > batch.bytes.byteLength) throw new RangeError('a batch too long');
  codec.memory.set(new Uint8Array(batch.bytes, 0, lengthBytes), codec.inputAt);
  const end = codec.inputAt + lengthBytes;
  const hashes = new Uint8Array(count * HASH_BYTES);
  const starts = new Uint32Array(count + 1);
  let at = codec.inputAt;
  let to = codec.outputAt;
  for (let record = 0; record < count; record += 1) {
    starts[record] = to;
    if (end - at < CHUNK_HEADER_BYTES) return { record, reason: 'a record that was cut' };
    const header = readChunkHeader(codec.memory, at);
    if (typeof header === 'string') return { record, reason: header };
    if (recordBytes(header) > end - at) return { record, reason: 'a record that was cut' };
    if (header.rawBytes > codec.outputAt + codec.outputBytes - to) throw new RangeError('a batch with too much in it');
    const reason = decodeChunk(codec, header, at + CHUNK_HEADER_BYTES, to);
    if (reason !== undefined) return { record, reason };
    hashes.set(codec.keyedHash(DATA_KEY, to, header.rawBytes), record * HASH_BYTES);
    at += recordBytes(header);
    to += header.rawBytes;
  }
  starts[count] = to;
  putAll(codec.memory, starts, placements, put);
  return hashes;
}

function putAll(memory: Uint8Array, starts: Uint32Array, placements: Placements, put: Put): void {
  let from = 0;
  let end = 0;
  let position = 0;
  for (let index = 0; index < placements.length; index += PLACEMENT_NUMBERS) {
    const [record = 0, skip = 0, take = 0, wanted = 0] = placements.subarray(index, index + PLACEMENT_NUMBERS);
    const start = (starts[record] ?? 0) + skip;
    if (start + take > (starts[record + 1] ?? 0)) throw new RangeError('a placement beyond its record');
    if (start !== end || position + (end - from) !== wanted) {
      if (end > from) put(memory.subarray(from, end), position);
      from = start;
      position = wanted;
    }
    end = start + take;
  }
  if (end > from) put(memory.subarray(from, end), position);
}
