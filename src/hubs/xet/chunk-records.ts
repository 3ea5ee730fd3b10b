import { createHash } from 'node:crypto';
import { HASH_BYTES, hashText, parseHashText } from './codec/hash-text.js';
import { MAX_CHUNK_BYTES, MAX_XORB_CHUNKS } from './limits.js';
import { endOf, type ChunkSpan } from './port.js';

/** `docs/FORMATS.md`, "Chunk lists". */
const MAGIC = Buffer.from('SLUXETC2');
const FIXED_BYTES = MAGIC.length + HASH_BYTES + 8 + 4 + 4;
const IS_PROVEN = 1;
const RECORD_HEAD_BYTES = 4 + 4 + 8 + HASH_BYTES;
const CHUNK_BYTES = HASH_BYTES + 4;
const CHECK_BYTES = 8;

/** What stands before the records. */
export interface ChunkListHead {
  readonly fileId: string;
  readonly sizeBytes: number;
  /** The chunks are all of the file's, and give its id. */
  readonly isProven: boolean;
  /** Every xorb that the records name, once. */
  readonly xorbs: readonly string[];
}

/** A file's chunks as they are written down beside its blob. */
export interface ChunkDocument extends ChunkListHead {
  readonly spans: readonly ChunkSpan[];
  /** What lies behind was cut or damaged. */
  readonly goodBytes: number;
}

function encodeHead({ fileId, sizeBytes, isProven, xorbs }: ChunkListHead): Buffer {
  const numbers = Buffer.alloc(16);
  numbers.writeBigUInt64LE(BigInt(sizeBytes));
  numbers.writeUInt32LE(isProven ? IS_PROVEN : 0, 8);
  numbers.writeUInt32LE(xorbs.length, 12);
  const head = Buffer.concat([MAGIC, parseHashText(fileId), numbers, ...xorbs.map(parseHashText)]);
  return Buffer.concat([head, check(head)]);
}

/** Of a document that begins with these bytes, of which `FIXED_BYTES` must be there; undefined when it is none. */
function headBytes(bytes: Buffer): number | undefined {
  if (bytes.length < FIXED_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  return FIXED_BYTES + bytes.readUInt32LE(FIXED_BYTES - 4) * HASH_BYTES + CHECK_BYTES;
}

/**
 * Reads the head of a document from its first bytes: how many of them it takes when these are too few, undefined when it is no such document.
 * Never throws.
 */
export function readChunkListHead(bytes: Buffer): ChunkListHead | { readonly neededBytes: number } | undefined {
  const neededBytes = headBytes(bytes);
  if (neededBytes === undefined) return undefined;
  if (bytes.length < neededBytes) return { neededBytes };
  const end = neededBytes - CHECK_BYTES;
  if (!check(bytes.subarray(0, end)).equals(bytes.subarray(end, neededBytes))) return undefined;
  const sizeBytes = Number(bytes.readBigUInt64LE(MAGIC.length + HASH_BYTES));
  if (!Number.isSafeInteger(sizeBytes)) return undefined;
  const xorbs: string[] = [];
  for (let at = FIXED_BYTES; at < end; at += HASH_BYTES) xorbs.push(hashText(bytes.subarray(at, at + HASH_BYTES)));
  return {
    fileId: hashText(bytes.subarray(MAGIC.length, MAGIC.length + HASH_BYTES)),
    sizeBytes,
    isProven: (bytes.readUInt32LE(MAGIC.length + HASH_BYTES + 8) & IS_PROVEN) !== 0,
    xorbs,
  };
}

function encodeSpan(span: ChunkSpan): Buffer {
  const count = span.lengths.length;
  const bytes = Buffer.alloc(RECORD_HEAD_BYTES + count * CHUNK_BYTES + CHECK_BYTES);
  bytes.writeUInt32LE(count, 0);
  bytes.writeUInt32LE(span.firstChunk, 4);
  bytes.writeBigUInt64LE(BigInt(span.position), 8);
  bytes.set(parseHashText(span.xorb), 16);
  for (let index = 0; index < count; index += 1) {
    const at = RECORD_HEAD_BYTES + index * CHUNK_BYTES;
    bytes.set(span.hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES), at);
    bytes.writeUInt32LE(span.lengths[index] ?? 0, at + HASH_BYTES);
  }
  bytes.set(check(bytes.subarray(0, -CHECK_BYTES)), bytes.length - CHECK_BYTES);
  return bytes;
}

/** A whole document of these spans, which are by position; neighbours become one record. */
export function encodeChunkDocument(
  file: Pick<ChunkListHead, 'fileId' | 'sizeBytes' | 'isProven'>,
  spans: readonly ChunkSpan[],
): Buffer {
  const groups: ChunkSpan[][] = [];
  for (const span of spans) {
    const group = groups.at(-1);
    if (group !== undefined && continues(group, span)) group.push(span);
    else groups.push([span]);
  }
  const xorbs = [...new Set(spans.map(({ xorb }) => xorb))];
  return Buffer.concat([encodeHead({ ...file, xorbs }), ...groups.map((group) => encodeSpan(joined(group)))]);
}

function continues(group: readonly ChunkSpan[], next: ChunkSpan): boolean {
  const last = group.at(-1);
  return (
    last?.xorb === next.xorb &&
    last.firstChunk + last.lengths.length === next.firstChunk &&
    endOf(last) === next.position
  );
}

function joined(group: readonly ChunkSpan[]): ChunkSpan {
  const [first] = group;
  if (first === undefined) throw new RangeError('a record of nothing');
  return {
    ...first,
    hashes: Buffer.concat(group.map(({ hashes }) => hashes)),
    lengths: Uint32Array.from(group.flatMap(({ lengths }) => [...lengths])),
  };
}

/** Reads as far as the records are whole and sound; undefined when it is no such document at all. Never throws. */
export function readChunkDocument(bytes: Buffer): ChunkDocument | undefined {
  const head = readChunkListHead(bytes);
  if (head === undefined || 'neededBytes' in head) return undefined;
  const spans: ChunkSpan[] = [];
  let at = headBytes(bytes) ?? bytes.length;
  for (;;) {
    const record = readRecord(bytes, at);
    if (record === undefined) return { ...head, spans, goodBytes: at };
    spans.push(record);
    at += RECORD_HEAD_BYTES + record.lengths.length * CHUNK_BYTES + CHECK_BYTES;
  }
}

function readRecord(bytes: Buffer, at: number): ChunkSpan | undefined {
  if (bytes.length - at < RECORD_HEAD_BYTES + CHUNK_BYTES + CHECK_BYTES) return undefined;
  const count = bytes.readUInt32LE(at);
  const firstChunk = bytes.readUInt32LE(at + 4);
  const position = Number(bytes.readBigUInt64LE(at + 8));
  const end = at + RECORD_HEAD_BYTES + count * CHUNK_BYTES;
  if (count === 0 || firstChunk + count > MAX_XORB_CHUNKS || !Number.isSafeInteger(position)) return undefined;
  if (bytes.length - end < CHECK_BYTES) return undefined;
  if (!check(bytes.subarray(at, end)).equals(bytes.subarray(end, end + CHECK_BYTES))) return undefined;
  const hashes = new Uint8Array(count * HASH_BYTES);
  const lengths = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) {
    const from = at + RECORD_HEAD_BYTES + index * CHUNK_BYTES;
    hashes.set(bytes.subarray(from, from + HASH_BYTES), index * HASH_BYTES);
    const lengthBytes = bytes.readUInt32LE(from + HASH_BYTES);
    if (lengthBytes === 0 || lengthBytes > MAX_CHUNK_BYTES) return undefined;
    lengths[index] = lengthBytes;
  }
  return { xorb: hashText(bytes.subarray(at + 16, at + 16 + HASH_BYTES)), firstChunk, position, hashes, lengths };
}

/** Tells what is torn or damaged; the first bytes of its SHA-256. */
function check(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, CHECK_BYTES);
}
