import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MAX_CHUNK_BYTES } from '../limits.js';
import { SPLITMIX_CHUNKS, SPLITMIX_STORED_SHA256, bf16Weights, randomNumbers, splitmix } from '../testing/data.js';
import { chunkRecord, group4, lz4Frame, type FrameOptions } from '../testing/encode.js';
import { compileCodec, createCodec } from '../wasm/codec.js';
import { decodeChunk, readChunkHeader, type ChunkHeader } from './chunk.js';
import { decodeFrame } from './lz4-frame.js';

const codec = createCodec(compileCodec());
const { memory, inputAt, outputAt } = codec;

/** What a record decodes to, or why not. Fails when a byte outside of what may be written has changed. */
function decode(record: Uint8Array): Buffer | string {
  const header = readChunkHeader(record, 0);
  if (typeof header === 'string') return header;
  const to = outputAt + 256;
  memory.set(record, inputAt);
  memory.fill(0xaa, outputAt, to);
  const end = to + header.rawBytes;
  memory.fill(0xaa, end, end + 256);
  const fault = decodeChunk(codec, header, inputAt + 8, to);
  const scribbled = memory.slice(end, end + 256).findLastIndex((byte) => byte !== 0xaa);
  expect(scribbled).toBeLessThan(16);
  expect(memory.slice(outputAt, to).every((byte) => byte === 0xaa)).toBe(true);
  expect(Buffer.from(memory.subarray(inputAt, inputAt + record.length)).equals(record)).toBe(true);
  return fault ?? Buffer.from(memory.subarray(to, end));
}

/** Bytes with repeats near and far, so that matches of every offset occur. */
const repetitive = fc
  .array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => ({ bytes, back: 0, length: 0 })),
      fc.record({
        bytes: fc.constant(new Uint8Array()),
        back: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 5000 })),
        length: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 1500 })),
      }),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((steps) => {
    const bytes: number[] = [];
    for (const step of steps) {
      bytes.push(...step.bytes);
      for (let count = 0; count < step.length && bytes.length > 0; count += 1)
        bytes.push(bytes[Math.max(0, bytes.length - Math.max(1, step.back))]!);
    }
    return Uint8Array.from(bytes.length === 0 ? [1] : bytes.slice(0, MAX_CHUNK_BYTES));
  });

const frames: fc.Arbitrary<FrameOptions> = fc.record({
  blockBytes: fc.constantFrom(64, 1000, 65_536, 262_144),
  linked: fc.boolean(),
  checksums: fc.boolean(),
  contentSize: fc.boolean(),
});

describe('a chunk', () => {
  it('comes back from every scheme and every kind of frame', () => {
    fc.assert(
      fc.property(repetitive, fc.constantFrom(0, 1, 2), frames, (raw, scheme, options) => {
        expect(decode(chunkRecord(raw, scheme, options))).toEqual(Buffer.from(raw));
      }),
      { numRuns: 300 },
    );
  });

  it.each([1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 33])('comes back from matches with the offset %i', (offset) => {
    const unit = splitmix(offset, 3n);
    for (const length of [20, 100, 1000, 65_536, MAX_CHUNK_BYTES]) {
      const raw = Buffer.alloc(length, unit);
      expect(decode(chunkRecord(raw, 1))).toEqual(raw);
    }
  });

  it.each([1, 2, 3, 5, 63, 64, 65, 127, 255, 256, 257, 259, 65_535, 65_536, MAX_CHUNK_BYTES])(
    'of %i bytes comes back from groups of four',
    (length) => {
      const raw = bf16Weights(length + 2, 5).subarray(1, length + 1);
      const record = chunkRecord(raw, 2);
      expect(decode(record)).toEqual(Buffer.from(raw));
      if (length >= 65_535) expect(record.length).toBeLessThan(length * 0.95);
    },
  );

  it('is grouped as the specification shows it', () => {
    expect([...group4(Uint8Array.from({ length: 10 }, (_, index) => index))]).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 3, 7]);
  });

  it('is stored as the reference implementation stores it', () => {
    const data = splitmix(1_000_000, 0n);
    const hash = createHash('sha256');
    let from = 0;
    for (const [end] of SPLITMIX_CHUNKS) {
      const record = chunkRecord(data.subarray(from, end), 0);
      expect(decode(record)).toEqual(data.subarray(from, end));
      hash.update(record);
      from = end;
    }
    expect(hash.digest('hex')).toBe(SPLITMIX_STORED_SHA256);
    expect(decode(Buffer.from('000b0000000b000068656c6c6f20776f726c64', 'hex'))).toEqual(Buffer.from('hello world'));
  });
});

describe('a damaged chunk', () => {
  it('is refused or decodes within its bounds, whatever bytes are changed or cut', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(repetitive, fc.constantFrom(1, 2), frames, damage, fc.nat(), (raw, scheme, options, changes, cut) => {
        const record = chunkRecord(raw, scheme, options);
        for (const [place, byte] of changes) record[8 + (place % (record.length - 8))] = byte;
        const kept = cut % 3 === 0 ? 9 + (cut % (record.length - 8)) : record.length;
        record.writeUIntLE(kept - 8, 1, 3);
        const outcome = decode(record.subarray(0, kept));
        if (typeof outcome !== 'string') expect(outcome.length).toBe(raw.length);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused or decodes within its bounds when it is random', () => {
    const random = randomNumbers(11);
    for (let run = 0; run < 3000; run += 1) {
      const payload = Buffer.from(
        Array.from({ length: 1 + Math.floor(random() * 200) }, () => Math.floor(random() * 256)),
      );
      const framed = Buffer.concat([Buffer.from('04224d18604082', 'hex'), Buffer.alloc(4), payload, Buffer.alloc(4)]);
      framed.writeUInt32LE(payload.length, 7);
      const header = Buffer.alloc(8);
      header.writeUIntLE(framed.length, 1, 3);
      header[4] = 1 + (run % 2);
      header.writeUIntLE(1 + Math.floor(random() * 3000), 5, 3);
      decode(Buffer.concat([header, framed]));
    }
  });

  it.each([
    ['another length', 'fewer bytes', (frame: Buffer) => frame, 1],
    ['a byte behind its end', 'bytes behind', (frame: Buffer) => Buffer.concat([frame, Buffer.of(0)]), 0],
    ['no end mark', 'without an end', (frame: Buffer) => frame.subarray(0, -4), 0],
    ['another magic', 'no LZ4 frame', (frame: Buffer) => Buffer.concat([Buffer.of(5), frame.subarray(1)]), 0],
    ['a dictionary', 'dictionary', (frame: Buffer) => withByte(frame, 4, 0x61), 0],
    ['another version', 'unknown version', (frame: Buffer) => withByte(frame, 4, 0x20), 0],
    ['no size of blocks', 'size of blocks', (frame: Buffer) => withByte(frame, 5, 0x30), 0],
  ])('with %s is refused', (_, reason, change, more) => {
    const raw = Buffer.from('so much for this, so much for this, so much for this');
    const frame = change(lz4Frame(raw));
    memory.set(frame, inputAt);
    expect(decodeFrame(codec, inputAt, inputAt + frame.length, outputAt, outputAt + raw.length + more)).toContain(
      reason,
    );
  });

  it('whose blocks reach into one another although it says they do not is refused', () => {
    const raw = Buffer.from('so much for this, so much for this, so much for this, so much for this');
    const frame = lz4Frame(raw, { blockBytes: 40, linked: true });
    const decode = (bytes: Buffer): string | undefined => {
      memory.set(bytes, inputAt);
      return decodeFrame(codec, inputAt, inputAt + bytes.length, outputAt, outputAt + raw.length);
    };
    expect(decode(frame)).toBeUndefined();
    expect(decode(withByte(frame, 4, 0x60))).toBe('a broken LZ4 block');
  });

  it('cannot reach before its own output', () => {
    memory.fill(0x55, outputAt, outputAt + 64);
    // One literal, then a match two bytes back.
    const block = Buffer.from([0x11, 0x41, 0x02, 0x00, 0x10, 0x42]);
    memory.set(block, inputAt);
    expect(codec.lz4(inputAt, inputAt + block.length, outputAt + 64, outputAt + 64, outputAt + 128)).toBe(-1);
    expect(codec.lz4(inputAt, inputAt + block.length, outputAt + 64, outputAt + 63, outputAt + 128)).toBe(
      outputAt + 71,
    );
  });
});

describe('the header of a chunk', () => {
  const header = (bytes: readonly number[]): ChunkHeader | string => readChunkHeader(Uint8Array.from(bytes), 0);

  it.each([
    [[1, 1, 0, 0, 0, 1, 0, 0], 'version'],
    [[0x58, 0x45, 0x54, 0x42, 0x4c, 0x4f, 0x42, 1], 'version'],
    [[0, 1, 0, 0, 3, 1, 0, 0], 'scheme'],
    [[0, 1, 0, 0, 1, 0, 0, 0], 'of 0 bytes'],
    [[0, 1, 0, 0, 1, 1, 0, 2], 'of 131073 bytes'],
    [[0, 0, 0, 0, 1, 1, 0, 0], '0 stored'],
    [[0, 1, 0, 4, 1, 1, 0, 0], '262145 stored'],
    [[0, 2, 0, 0, 0, 1, 0, 0], 'two lengths'],
  ])('%j is refused', (bytes, reason) => {
    expect(header(bytes)).toContain(reason);
  });

  it('may say the most that is possible', () => {
    expect(header([0, 0, 0, 4, 2, 0, 0, 2])).toEqual({ packedBytes: 262_144, scheme: 2, rawBytes: 131_072 });
  });
});

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}
