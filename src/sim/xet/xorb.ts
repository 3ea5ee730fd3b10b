import { closeSync, openSync, readSync } from 'node:fs';
import type { Content } from '../content.js';
import type { MerkleNode } from './merkle.js';

/** A container of chunks as the store holds it: records back to back, without a footer. */
export interface Xorb {
  /** Text form; '' while it is being filled. */
  hash: string;
  readonly chunks: MerkleNode[];
  /** Where each record ends in the serialized xorb. */
  readonly ends: number[];
  /** The serialized bytes; empty while it is being filled. */
  content: Content;
}

/** A run of neighbouring chunks of one xorb. */
export interface XetTerm {
  readonly xorb: Xorb;
  readonly start: number;
  /** One past the last chunk. */
  readonly end: number;
}

export interface XetFile {
  /** Text form of the file hash: what `X-Xet-Hash` says. */
  readonly hash: string;
  readonly sizeBytes: number;
  readonly terms: readonly XetTerm[];
}

/** Where a byte of a file lies. */
export interface XetPlace {
  /** Hash of the xorb, as its URL has it. */
  readonly xorb: string;
  readonly chunk: number;
  /** Of the chunk's record in the serialized xorb. */
  readonly offset: number;
}

/** Finds the chunk that a byte of a file lies in; undefined behind the end. */
export function placeOf(file: XetFile, byte: number): XetPlace | undefined {
  let at = 0;
  for (const { xorb, start, end } of file.terms) {
    for (let chunk = start; chunk < end; chunk += 1) {
      at += xorb.chunks[chunk]?.sizeBytes ?? 0;
      if (byte < at) return { xorb: xorb.hash, chunk, offset: recordStart(xorb, chunk) };
    }
  }
  return undefined;
}

/** Offset of a chunk's record in the serialized xorb. */
export function recordStart(xorb: Pick<Xorb, 'ends'>, chunk: number): number {
  return chunk === 0 ? 0 : (xorb.ends[chunk - 1] ?? 0);
}

/** Bytes of a file on disk, which stays open until `close`. */
export class FileContent implements Content {
  readonly sizeBytes: number;
  readonly #fd: number;

  constructor(path: string, sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.#fd = openSync(path, 'r');
  }

  read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const count = readSync(this.#fd, bytes, done, length - done, offset + done);
      if (count === 0) throw new Error('A xorb is shorter than it was');
      done += count;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
