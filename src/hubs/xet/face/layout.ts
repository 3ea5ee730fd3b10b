import { createHash } from 'node:crypto';
import type { Span } from '../../face.js';
import type { ManifestFile } from '../../port.js';

/**
 * How a plain file looks in Xet's terms: chunks of 128 KiB, each behind a header of 8 bytes and stored as they are, 256 of them to a xorb. Everything is arithmetic on
 * offsets; nothing is computed from the bytes, so it holds while they are still on their way.
 */
export const CHUNK_BYTES = 128 * 1024;
export const HEADER_BYTES = 8;
const XORB_CHUNKS = 256;
const STRIDE_BYTES = CHUNK_BYTES + HEADER_BYTES;
export const XORB_BYTES = XORB_CHUNKS * CHUNK_BYTES;

/** One xorb of a file: where its raw bytes are, and how long it is with its headers. */
export interface XorbLayout {
  readonly index: number;
  readonly raw: Span;
  readonly chunks: number;
  readonly framedBytes: number;
}

/** Chunks [start, end) of a xorb, in file order. */
export interface Term {
  readonly xorb: XorbLayout;
  readonly startChunk: number;
  readonly endChunk: number;
  readonly rawBytes: number;
  /** In the xorb, headers included. */
  readonly framed: Span;
}

/**
 * The id by which clients ask for a file: the one that its hub gives it, or one of our own that cannot be a real one. Files that are not in LFS have none.
 */
export function fileIdOf({ xetHash, digests, sizeBytes = 0 }: ManifestFile): string | undefined {
  if (digests.sha256 === undefined || sizeBytes === 0) return undefined;
  return xetHash ?? ownId('xet file', digests.sha256);
}

/**
 * The id of a xorb of a file. Always our own, even where the file's is the real one: the chunks are other ones than the hub's, and a client or a cache that holds
 * both under one name would mix them.
 */
export function xorbIdOf(fileId: string, index: number): string {
  return ownId('xorb', `${fileId} ${index}`);
}

function ownId(what: string, text: string): string {
  return createHash('sha256').update(`sluice ${what} 1\0${text}`).digest('hex');
}

export function layoutXorb(sizeBytes: number, index: number): XorbLayout | undefined {
  const startByte = index * XORB_BYTES;
  if (startByte >= sizeBytes) return undefined;
  const endByte = Math.min(sizeBytes, startByte + XORB_BYTES);
  const chunks = Math.ceil((endByte - startByte) / CHUNK_BYTES);
  return { index, raw: { startByte, endByte }, chunks, framedBytes: endByte - startByte + chunks * HEADER_BYTES };
}

/** The terms that hold a span of a file, which lies within it, and how many bytes of the first come before the span. */
export function layoutSpan(sizeBytes: number, { startByte, endByte }: Span): { skip: number; terms: Term[] } {
  const terms: Term[] = [];
  for (let index = Math.floor(startByte / XORB_BYTES); index * XORB_BYTES < endByte; index += 1) {
    const xorb = layoutXorb(sizeBytes, index);
    if (xorb === undefined) break;
    const from = xorb.raw.startByte;
    const startChunk = Math.floor(Math.max(0, startByte - from) / CHUNK_BYTES);
    const endChunk = Math.min(xorb.chunks, Math.ceil((endByte - from) / CHUNK_BYTES));
    const rawEnd = Math.min(endChunk * CHUNK_BYTES, xorb.raw.endByte - from);
    terms.push({
      xorb,
      startChunk,
      endChunk,
      rawBytes: rawEnd - startChunk * CHUNK_BYTES,
      framed: { startByte: startChunk * STRIDE_BYTES, endByte: rawEnd + endChunk * HEADER_BYTES },
    });
  }
  const [first] = terms;
  const skip = first === undefined ? 0 : startByte - first.xorb.raw.startByte - first.startChunk * CHUNK_BYTES;
  return { skip, terms };
}

/** The raw bytes of the file that a span of a xorb holds, headers left out. */
export function rawSpanOf({ raw }: XorbLayout, { startByte, endByte }: Span): Span {
  const before = (framed: number): number =>
    Math.floor(framed / STRIDE_BYTES) * CHUNK_BYTES + Math.max(0, (framed % STRIDE_BYTES) - HEADER_BYTES);
  return { startByte: raw.startByte + before(startByte), endByte: raw.startByte + before(endByte) };
}

/** Raw bytes as a span of a xorb, headers put in. `raw` gives exactly those of `rawSpanOf`. */
export async function* frame(xorb: XorbLayout, span: Span, raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let at = span.startByte;
  const headerAt = (): Buffer | undefined => {
    const within = at % STRIDE_BYTES;
    if (within >= HEADER_BYTES || at >= span.endByte) return undefined;
    const part = headerOf(xorb, Math.floor(at / STRIDE_BYTES)).subarray(within, within + span.endByte - at);
    at += part.length;
    return part;
  };
  for await (const bytes of raw) {
    const parts: Buffer[] = [];
    for (let offset = 0; offset < bytes.length;) {
      const header = headerAt();
      if (header !== undefined) parts.push(header);
      const take = Math.min(STRIDE_BYTES - (at % STRIDE_BYTES), bytes.length - offset);
      parts.push(bytes.subarray(offset, offset + take));
      offset += take;
      at += take;
    }
    yield Buffer.concat(parts);
  }
  const rest = headerAt();
  if (rest !== undefined) yield rest;
}

/** Version 0, stored length, scheme 0 (as it is), raw length. */
function headerOf({ raw, chunks }: XorbLayout, chunk: number): Buffer {
  const isLast = chunk === chunks - 1;
  const length = isLast ? raw.endByte - raw.startByte - chunk * CHUNK_BYTES : CHUNK_BYTES;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntLE(length, 1, 3);
  header.writeUIntLE(length, 5, 3);
  return header;
}
