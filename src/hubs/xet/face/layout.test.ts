import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CHUNK_BYTES,
  fileIdOf,
  frame,
  HEADER_BYTES,
  layoutSpan,
  layoutXorb,
  rawSpanOf,
  XORB_BYTES,
  xorbIdOf,
} from './layout.js';

/** The byte of a file at a place, cheap at any place. */
const byteAt = (place: number): number => (Math.imul(place % 0xfffffffb, 0x9e3779b1) ^ (place / 2 ** 32)) & 0xff;

function rawBytes(startByte: number, endByte: number): Buffer {
  return Buffer.from(Array.from({ length: endByte - startByte }, (_, index) => byteAt(startByte + index)));
}

async function* inParts(startByte: number, endByte: number, partBytes: number): AsyncGenerator<Buffer> {
  for (let at = startByte; at < endByte; at += partBytes) yield rawBytes(at, Math.min(endByte, at + partBytes));
}

async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** What clients make of the stored form: headers checked, chunks joined. */
function decode(stored: Buffer): { readonly raw: Buffer; readonly lengths: number[] } {
  const chunks: Buffer[] = [];
  for (let at = 0; at < stored.length;) {
    const [version, stores, scheme] = [stored[at], stored.readUIntLE(at + 1, 3), stored[at + 4]];
    expect([version, scheme, stored.readUIntLE(at + 5, 3)]).toEqual([0, 0, stores]);
    expect(stores).toBeLessThanOrEqual(CHUNK_BYTES);
    chunks.push(stored.subarray(at + HEADER_BYTES, at + HEADER_BYTES + stores));
    at += HEADER_BYTES + stores;
  }
  return { raw: Buffer.concat(chunks), lengths: chunks.map(({ length }) => length) };
}

/** Sizes and places around what matters, in files of up to a hundred GB. */
const place = fc.oneof(
  fc.nat(3 * CHUNK_BYTES),
  fc.tuple(fc.nat(3000), fc.integer({ min: -2, max: 2 })).map(([xorb, by]) => Math.max(0, xorb * XORB_BYTES + by)),
  fc.nat(100 * 1000 ** 3),
);
const span = fc.tuple(place, fc.integer({ min: 1, max: 2 * CHUNK_BYTES }), fc.nat(4 * CHUNK_BYTES));

describe('a plain file in the terms of Xet', () => {
  test('gives the bytes of any span, by whole chunks', async () => {
    await fc.assert(
      fc.asyncProperty(span, async ([startByte, length, behind]) => {
        const endByte = startByte + length;
        const sizeBytes = endByte + behind;
        const { skip, terms } = layoutSpan(sizeBytes, { startByte, endByte });
        const pieces: Buffer[] = [];
        for (const { xorb, startChunk, endChunk, rawBytes: unpacked, framed } of terms) {
          expect(framed.endByte).toBeLessThanOrEqual(xorb.framedBytes);
          const raw = rawSpanOf(xorb, framed);
          const stored = await collect(frame(xorb, framed, inParts(raw.startByte, raw.endByte, 100_000)));
          expect(stored.length).toBe(framed.endByte - framed.startByte);
          const decoded = decode(stored);
          expect([decoded.lengths.length, decoded.raw.length]).toEqual([endChunk - startChunk, unpacked]);
          pieces.push(decoded.raw);
        }
        const all = Buffer.concat(pieces).subarray(skip);
        expect(all.length).toBeGreaterThanOrEqual(length);
        expect(all.subarray(0, length).equals(rawBytes(startByte, endByte))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('gives the same bytes of a xorb in any pieces, cut anywhere', async () => {
    const sizeBytes = XORB_BYTES + 3 * CHUNK_BYTES + 77;
    const xorb = layoutXorb(sizeBytes, 1)!;
    const whole = await collect(
      frame(xorb, { startByte: 0, endByte: xorb.framedBytes }, inParts(XORB_BYTES, sizeBytes, 1e6)),
    );
    expect(decode(whole).lengths).toEqual([CHUNK_BYTES, CHUNK_BYTES, CHUNK_BYTES, 77]);
    const near = fc.oneof(
      fc.nat(xorb.framedBytes),
      fc.tuple(fc.nat(3), fc.integer({ min: -9, max: 17 })).map(([chunk, by]) => chunk * (CHUNK_BYTES + 8) + by),
    );
    await fc.assert(
      fc.asyncProperty(near, near, fc.integer({ min: 1000, max: 300_000 }), async (one, other, partBytes) => {
        const startByte = Math.max(0, Math.min(one, other));
        const endByte = Math.max(0, one, other);
        const raw = rawSpanOf(xorb, { startByte, endByte });
        const got = await collect(frame(xorb, { startByte, endByte }, inParts(raw.startByte, raw.endByte, partBytes)));
        expect(got.equals(whole.subarray(startByte, endByte))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('has no xorbs behind its end, and names that nobody else gives', () => {
    expect(layoutXorb(XORB_BYTES, 1)).toBeUndefined();
    const sha256 = 'a'.repeat(64);
    const file = { path: 'x', sizeBytes: 1, digests: { sha256 } };
    expect(fileIdOf({ ...file, xetHash: 'b'.repeat(64) })).toBe('b'.repeat(64));
    expect(fileIdOf(file)).toMatch(/^[0-9a-f]{64}$/);
    expect([fileIdOf({ ...file, sizeBytes: 0 }), fileIdOf({ ...file, digests: { gitSha1: 'a' } })]).toEqual([
      undefined,
      undefined,
    ]);
    const ids = [fileIdOf(file), sha256, xorbIdOf(sha256, 0), xorbIdOf(sha256, 1), xorbIdOf('b'.repeat(64), 0)];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
