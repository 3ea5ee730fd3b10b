import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeChunkDocument, readChunkDocument, readChunkListHead } from './chunk-records.js';
import type { ChunkSpan } from './port.js';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const spans: fc.Arbitrary<ChunkSpan[]> = fc.array(
  fc
    .record({
      xorb: hash.map((bytes) => Buffer.from(bytes).toString('hex')),
      firstChunk: fc.nat({ max: 8000 }),
      position: fc.maxSafeNat(),
      chunks: fc.array(fc.tuple(hash, fc.integer({ min: 1, max: 131_072 })), { minLength: 1, maxLength: 20 }),
    })
    .map(({ chunks, ...rest }) => ({
      ...rest,
      hashes: Uint8Array.from(chunks.flatMap(([bytes]) => [...bytes])),
      lengths: Uint32Array.from(chunks.map(([, length]) => length)),
    })),
  { maxLength: 6 },
);
const FILE_ID = '0123456789abcdef'.repeat(4);

const HEAD = { fileId: FILE_ID, sizeBytes: 12_345_678_901, isProven: true };

const encode = (list: readonly ChunkSpan[]): Buffer => encodeChunkDocument(HEAD, list);
const xorbsOf = (list: readonly ChunkSpan[]): string[] => [...new Set(list.map(({ xorb }) => xorb))];
const headBytes = (list: readonly ChunkSpan[]): number => 64 + xorbsOf(list).length * 32;

describe('a chunk list', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(spans, (list) => {
        const bytes = encode(list);
        const xorbs = xorbsOf(list);
        expect(readChunkDocument(bytes)).toEqual({ ...HEAD, xorbs, spans: list, goodBytes: bytes.length });
        const unproven = encodeChunkDocument({ ...HEAD, isProven: false }, list);
        expect(readChunkDocument(unproven)).toMatchObject({ isProven: false, spans: list });
      }),
    );
  });

  it('is read up to where it was cut or damaged, and never beyond', () => {
    fc.assert(
      fc.property(spans, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (list, place, change, isCut) => {
        const bytes = encode(list);
        const at = place % bytes.length;
        if (!isCut) bytes[at]! ^= change;
        const document = readChunkDocument(isCut ? bytes.subarray(0, at) : bytes);
        expect(document === undefined).toBe(at < headBytes(list));
        if (document === undefined) return;
        expect(document.goodBytes).toBeLessThanOrEqual(at);
        expect(document.spans).toEqual(list.slice(0, document.spans.length));
      }),
    );
  });

  it('tells by its head alone which xorbs it names, and how much of it is needed for that', () => {
    fc.assert(
      fc.property(spans, fc.nat(), (list, place) => {
        const bytes = encode(list);
        const needed = headBytes(list);
        expect(readChunkListHead(bytes.subarray(0, needed))).toEqual({ ...HEAD, xorbs: xorbsOf(list) });
        const short = 56 + (place % (needed - 56));
        expect(readChunkListHead(bytes.subarray(0, short))).toEqual({ neededBytes: needed });
      }),
    );
  });

  it('is not read from other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readChunkDocument(Buffer.from(bytes))).toBeUndefined();
        expect(readChunkListHead(Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });

  it('of a whole file has one record for what follows one another in xorb and file', () => {
    const part = (firstChunk: number, position: number, xorb = FILE_ID): ChunkSpan => ({
      xorb,
      firstChunk,
      position,
      hashes: new Uint8Array(64).fill(firstChunk),
      lengths: Uint32Array.from([10, 20]),
    });
    const other = 'ff'.repeat(32);
    const parts = [part(0, 0), part(2, 30), part(5, 60), part(7, 90, other), part(9, 130, other)];
    const document = readChunkDocument(encodeChunkDocument({ ...HEAD, sizeBytes: 160 }, parts));
    expect(document?.spans.map(({ firstChunk, position, lengths }) => [firstChunk, position, lengths.length])).toEqual([
      [0, 0, 4],
      [5, 60, 2],
      [7, 90, 2],
      [9, 130, 2],
    ]);
    expect(document?.spans[0]?.hashes).toEqual(Uint8Array.from({ length: 128 }, (_, at) => (at < 64 ? 0 : 2)));
    expect(document?.goodBytes).toBe(64 + 2 * 32 + 4 * 56 + 10 * 36);
  });

  it('costs 36 bytes a chunk', () => {
    const lengths = new Uint32Array(1000).fill(65_536);
    const span = { xorb: FILE_ID, firstChunk: 0, position: 0, hashes: new Uint8Array(32_000), lengths };
    expect(encode([span]).length).toBe(headBytes([span]) + 36_000 + 56);
  });
});
