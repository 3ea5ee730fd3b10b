import { closeSync, openSync, readSync } from 'node:fs';
import { DATA_KEY } from '../codec/keys.js';
import { HASH_BYTES } from '../codec/hash-text.js';
import type { Codec } from '../wasm/codec.js';
import type { Fault, Put } from './batch.js';

/** Chunks that follow one another in a file that is here, and in the one that they are wanted for. */
export interface CopyOrder {
  /** Of the file that has them. */
  readonly path: string;
  /** Of the first of them there. */
  readonly fromByte: number;
  /** What they must be: 32 bytes each. */
  readonly hashes: Uint8Array;
  /** Raw bytes of each. */
  readonly lengths: Uint32Array;
  /** Where the first one belongs. */
  readonly position: number;
  /** Only bytes [startByte, endByte) are wanted, counted where they belong. */
  readonly startByte: number;
  readonly endByte: number;
}

/** Reads chunks, and puts those whose hash is the one that was written down; the first other one ends it. */
export function copyChunks(codec: Codec, order: CopyOrder, put: Put): Fault | undefined {
  const { path, lengths, hashes } = order;
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return { record: 0, reason: 'not here any more' };
  }
  try {
    let fromByte = order.fromByte;
    let position = order.position;
    for (let first = 0; first < lengths.length;) {
      let end = first;
      let bytes = 0;
      for (; end < lengths.length && bytes + (lengths[end] ?? 0) <= codec.outputBytes; end += 1)
        bytes += lengths[end] ?? 0;
      if (!readWhole(descriptor, codec.memory.subarray(codec.outputAt, codec.outputAt + bytes), fromByte))
        return { record: first, reason: 'not here any more' };
      let at = codec.outputAt;
      for (let index = first; index < end; index += 1) {
        const length = lengths[index] ?? 0;
        const expected = hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
        if (Buffer.compare(codec.keyedHash(DATA_KEY, at, length), expected) !== 0)
          return { record: index, reason: 'not what it was' };
        at += length;
      }
      const from = Math.max(position, order.startByte);
      const to = Math.min(position + bytes, order.endByte);
      const base = codec.outputAt - position;
      if (from < to) put(codec.memory.subarray(base + from, base + to), from);
      fromByte += bytes;
      position += bytes;
      first = end;
    }
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

function readWhole(descriptor: number, into: Uint8Array, fromByte: number): boolean {
  try {
    for (let done = 0; done < into.length;) {
      const got = readSync(descriptor, into, done, into.length - done, fromByte + done);
      if (got === 0) return false;
      done += got;
    }
    return true;
  } catch {
    return false;
  }
}
