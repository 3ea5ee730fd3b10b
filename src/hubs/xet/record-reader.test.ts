import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SluiceError } from '../../base/index.js';
import { decodeBatch } from './decode/batch.js';
import type { Fetch } from './plan.js';
import { RecordReader, type ReadBatch } from './record-reader.js';
import { randomNumbers } from './testing/data.js';
import { chunkRecord } from './testing/encode.js';
import { compileCodec, createCodec } from './wasm/codec.js';

const MEMORY_BYTES = 1024 * 1024 + 8 + 262_144;

interface Made {
  readonly body: Buffer;
  readonly raws: readonly Buffer[];
}

/** Chunks that shrink to nothing, a little, or not at all. */
function make(lengths: readonly number[], seed: number): Made {
  const random = randomNumbers(seed);
  const raws = lengths.map((length) =>
    random() < 0.5
      ? Buffer.alloc(length, 'abcd')
      : Buffer.from(Array.from({ length }, () => Math.floor(random() * 256))),
  );
  return { raws, body: Buffer.concat(raws.map((raw) => chunkRecord(raw, raw.length > 20 && raw[0] === 97 ? 1 : 0))) };
}

function fetchOf({ raws, body }: Made, uses: readonly (readonly [number, number, number])[]): Fetch {
  const sum = (start: number, end: number): number => raws.slice(start, end).reduce((n, raw) => n + raw.length, 0);
  return {
    xorb: 'ab'.repeat(32),
    range: {
      url: 'http://x',
      givenBy: 'http://x',
      chunks: { start: 0, end: raws.length },
      startByte: 0,
      endByte: body.length,
    },
    uses: uses.map(([start, end, position]) => ({
      term: { xorb: 'ab'.repeat(32), chunks: { start, end }, rawBytes: sum(start, end) },
      position,
    })),
  };
}

const refuse = (reason: string): SluiceError => new SluiceError('BAD_RESPONSE', { host: 'h', reason });

function read(
  fetch: Fetch,
  body: Buffer,
  cuts: readonly number[],
  endByte: number,
  batches: ReadBatch[] = [],
): ReadBatch[] {
  const reader = new RecordReader({
    fetch,
    span: { startByte: 0, endByte },
    lend: () => new SharedArrayBuffer(MEMORY_BYTES),
    submit: (batch) => void batches.push(batch),
    refuse,
  });
  const edges = [0, ...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
  edges.slice(1).forEach((end, index) => {
    const start = edges[index] ?? 0;
    if (index % 3 === 0) void reader.push(body.subarray(start, end));
    else fill(reader, body.subarray(start, end));
  });
  reader.end();
  return batches;
}

/** As a transport does that reads straight into the memory it is given. */
function fill(reader: RecordReader, bytes: Buffer): void {
  for (let rest = bytes; rest.length > 0;) {
    const room = reader.room();
    expect(room.length).toBeGreaterThan(0);
    const taken = rest.copy(room);
    void reader.push(room.subarray(0, taken));
    rest = rest.subarray(taken);
  }
}

describe('records', () => {
  const codec = createCodec(compileCodec());
  const lengths = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 30 });

  it('come out the same however the bytes are cut, each use at its place', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), fc.array(fc.nat(), { maxLength: 12 }), fc.nat(), (sizes, seed, cuts, other) => {
        const made = make(sizes, seed);
        const whole = Buffer.concat(made.raws);
        const first = other % sizes.length;
        // All of it, and from one chunk on once more behind that.
        const again = Buffer.concat(made.raws.slice(first));
        const fetch = fetchOf(
          made,
          [
            [0, sizes.length, 0],
            [first, sizes.length, whole.length],
          ].sort((a, b) => a[0]! - b[0]!) as [number, number, number][],
        );
        const out = Buffer.alloc(whole.length + again.length);
        for (const { batch, runs, lengths: raw } of read(fetch, made.body, cuts, out.length)) {
          decodeBatch(codec, batch, (bytes, position) => out.set(bytes, position));
          for (const run of runs) expect(run.record + run.count).toBeLessThanOrEqual(raw.length);
        }
        expect(out.equals(Buffer.concat([whole, again]))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('that are neighbours in the xorb but not in the file are put apart', () => {
    const made = make([100, 200, 300], 8);
    const fetch = fetchOf(made, [
      [0, 1, 500],
      [1, 2, 0],
      [2, 3, 200],
    ]);
    const out = Buffer.alloc(600);
    for (const { batch } of read(fetch, made.body, [], 600))
      decodeBatch(codec, batch, (bytes, position) => out.set(bytes, position));
    const [a, b, c] = made.raws;
    expect(out.equals(Buffer.concat([b!, c!, a!]))).toBe(true);

    const apart = Buffer.alloc(1000);
    const gap = fetchOf(made, [
      [0, 1, 0],
      [1, 3, 450],
    ]);
    for (const { batch } of read(gap, made.body, [], 1000))
      decodeBatch(codec, batch, (bytes, position) => apart.set(bytes, position));
    expect(apart.equals(Buffer.concat([a!, Buffer.alloc(350), b!, c!, Buffer.alloc(50)]))).toBe(true);
  });

  it('make batches that the decoder has room for', () => {
    const tight = make(
      Array.from({ length: 60 }, () => 131_072),
      3,
    );
    const small = make(
      Array.from({ length: 3000 }, () => 3),
      4,
    );
    for (const made of [tight, small]) {
      const total = made.raws.reduce((n, raw) => n + raw.length, 0);
      const batches = read(fetchOf(made, [[0, made.raws.length, 0]]), made.body, [], total);
      const out = Buffer.alloc(total);
      for (const { batch } of batches) {
        expect(batch.count).toBeLessThanOrEqual(1024);
        expect(decodeBatch(codec, batch, (bytes, position) => out.set(bytes, position))).toBeInstanceOf(Uint8Array);
      }
      expect(out.equals(Buffer.concat(made.raws))).toBe(true);
    }
  });

  it('that are damaged are refused, or decoded within their bounds', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lengths, fc.nat(), damage, fc.option(fc.nat()), (sizes, seed, changes, cut) => {
        const made = make(sizes, seed);
        const total = made.raws.reduce((n, raw) => n + raw.length, 0);
        const body = Buffer.from(made.body);
        for (const [at, byte] of changes) body[at % body.length] = byte;
        const fetch = fetchOf(made, [[0, sizes.length, 0]]);
        try {
          for (const { batch } of read(fetch, cut === null ? body : body.subarray(0, cut % body.length), [], total))
            decodeBatch(codec, batch, (bytes, position) => {
              expect(position + bytes.length).toBeLessThanOrEqual(total);
            });
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SluiceError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('that are too many, too few or of another length than the term says are refused', () => {
    const made = make([100, 200, 300], 5);
    const fetch = fetchOf(made, [[0, 3, 0]]);
    expect(() => read(fetch, Buffer.concat([made.body, made.body]), [], 600)).toThrow('more chunks');
    expect(() => read(fetch, made.body.subarray(0, -1), [], 600)).toThrow('chunk 2 of the xorb ends early');
    const two = made.body.subarray(0, made.body.length - chunkRecord(made.raws[2]!, 1).length);
    expect(() => read(fetch, two.length > 300 ? two : made.body.subarray(0, 8), [], 600)).toThrow(/missing|early/);
    const [use] = fetch.uses;
    const wrong = { ...fetch, uses: [{ ...use!, term: { ...use!.term, rawBytes: 601 } }] };
    expect(() => read(wrong, made.body, [], 600)).toThrow('term of 601 bytes whose chunks have 600');
  });

  it('never belong behind their term, where other bytes may have come before', () => {
    const made = make([100, 200, 300], 5);
    const [use] = fetchOf(made, [[0, 3, 0]]).uses;
    const short = { ...fetchOf(made, []), uses: [{ ...use!, term: { ...use!.term, rawBytes: 599 } }] };
    expect(() => read(short, made.body, [], 10_000)).toThrow('term of 599 bytes whose chunks have 600');

    // Found out before a batch is full, not at the end of the term: nothing of it is placed.
    const many = make(
      Array.from({ length: 1100 }, () => 3),
      6,
    );
    const [all] = fetchOf(many, [[0, 1100, 0]]).uses;
    const lying = { ...fetchOf(many, []), uses: [{ ...all!, term: { ...all!.term, rawBytes: 2000 } }] };
    const placed: ReadBatch[] = [];
    expect(() => read(lying, many.body, [], 10_000, placed)).toThrow('term of 2000 bytes whose chunks have 2001');
    expect(placed).toEqual([]);
  });
});
