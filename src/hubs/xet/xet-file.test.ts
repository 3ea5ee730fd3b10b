import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';

import { leftToFetch } from './held-chunks.js';
import type { WrittenSum } from './port.js';
import { TERMS, bench, failure, noise, signal, text, weights, whole, type Bench } from './testing/bench.js';
import { testLists, type Lists } from './testing/lists.js';
import type { TinyTerm } from './testing/tiny-origin.js';

describe('a file of the content service', () => {
  it.each([1, 4])('comes whole, %i ranges at a time, and its chunks prove its id', async (parallel) => {
    const b = await bench(TERMS, { parallel });
    const ends: number[] = [];
    let wireBytes = 0;
    const got = await b.fetch(whole(b), {
      advanced: (endByte) => ends.push(endByte),
      received: (bytes) => void (wireBytes += bytes),
    });
    expect(got.equals(b.origin.content)).toBe(true);
    expect(ends).toEqual([...ends].sort((one, other) => one - other));
    expect(ends.at(-1)).toBe(got.length);
    expect(await b.file.judge()).toEqual({ state: 'proven' });
    expect(b.file.counters).toMatchObject({ wireBytes, xorbRequests: 3, renewals: 0 });
    expect(wireBytes).toBeLessThan(got.length);
    expect(b.file.counters.chunks).toBe(weights.chunks.length + 20 + text.chunks.length);
  });

  it('comes in any spans, and their chunks together prove its id', async () => {
    const b = await bench();
    const { length } = b.origin.content;
    const cuts = [0, 1, 7000, 65_536, 1_000_000, 1_499_999, 1_500_001, 1_700_000, 2_000_000, length - 1, length];
    const spans = cuts.slice(1).map((endByte, index) => ({ startByte: cuts[index]!, endByte }));
    expect(await b.file.judge()).toEqual({ state: 'incomplete' });
    for (const span of spans.reverse()) {
      const got = await b.fetch(span);
      expect(got.equals(b.origin.content.subarray(span.startByte, span.endByte))).toBe(true);
    }
    expect(await b.file.judge()).toEqual({ state: 'proven' });
    expect(b.origin.asked.filter((path) => path.includes('token'))).toEqual([
      '/api/models/org/name/xet-read-token/refs%2Fpr%2F1',
    ]);
  });

  it('is written where it belongs when there is a file', async () => {
    const b = await bench();
    const folder = mkdtempSync(join(tmpdir(), 'sluice-xet-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'data');
    const fd = openSync(path, 'w');
    await b.file.fetchSpan({ startByte: 500_000, endByte: 2_000_000 }, { fd }, {}, signal);
    await b.file.fetchSpan({ startByte: 0, endByte: 500_000 }, { fd }, {}, signal);
    closeSync(fd);
    expect(readFileSync(path).equals(b.origin.content.subarray(0, 2_000_000))).toBe(true);
  });

  it('tells sums of what is written, of every byte once, none across the multiples asked for, before it counts', async () => {
    const b = await bench();
    const folder = mkdtempSync(join(tmpdir(), 'sluice-xet-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const fd = openSync(join(folder, 'data'), 'w');
    const sumBytes = 10_000;
    const span = { startByte: 123_456, endByte: 1_900_001 };
    const told: WrittenSum[] = [];
    const toldUpTo = (endByte: number): number =>
      told.reduce((sum, { startByte, lengthBytes }) => sum + (startByte < endByte ? lengthBytes : 0), 0);
    await b.file.fetchSpan(
      span,
      { fd, sumBytes },
      {
        written: (sums) => void told.push(...sums),
        advanced: (endByte) => expect(toldUpTo(endByte)).toBeGreaterThanOrEqual(endByte - span.startByte),
      },
      signal,
    );
    closeSync(fd);
    let position = span.startByte;
    for (const { startByte, lengthBytes, crc32: sum } of told.sort((a, c) => a.startByte - c.startByte)) {
      expect(startByte).toBe(position);
      position += lengthBytes;
      expect(Math.floor((position - 1) / sumBytes)).toBe(Math.floor(startByte / sumBytes));
      expect(sum).toBe(crc32(b.origin.content.subarray(startByte, position)));
    }
    expect(position).toBe(span.endByte);
  });

  it('fails for a file that cannot be written, and writes no more afterwards', async () => {
    const b = await bench();
    const fd = openSync('/dev/null', 'r');
    const error = await failure(b.file.fetchSpan(whole(b), { fd }, {}, signal));
    closeSync(fd);
    expect(error.code).toBe('FILE_SYSTEM');
  });

  it('comes without any of its bytes when it has none', async () => {
    const b = await bench([]);
    expect(await b.fetch({ startByte: 0, endByte: 0 })).toHaveLength(0);
    expect(b.origin.asked).toEqual([]);
  });

  it('comes no faster than it is taken', async () => {
    const b = await bench();
    let waiting = 0;
    let most = 0;
    const got = await b.fetch(whole(b), {
      received: async () => {
        waiting += 1;
        most = Math.max(most, waiting);
        await new Promise((resolve) => setImmediate(resolve));
        waiting -= 1;
      },
    });
    expect(got.equals(b.origin.content)).toBe(true);
    expect(most).toBe(1);
  });

  it('ends when it is told to', async () => {
    const b = await bench();
    const ending = new AbortController();
    b.origin.hook = (path) => {
      if (!path.startsWith('/xorbs/')) return false;
      ending.abort();
      return true;
    };
    expect((await failure(b.fetch(whole(b), {}, ending.signal))).code).toBe('INTERRUPTED');
  });
});

describe('chunks that are here already', () => {
  const OLD: readonly TinyTerm[] = [
    { xorb: weights, start: 0, end: 10 },
    { xorb: noise, start: 2, end: 18 },
  ];

  /** Lists about a file that came by chunks, and is here. */
  async function landed(terms = OLD, isProven = true): Promise<{ readonly lists: Lists; readonly path: string }> {
    const lists = testLists();
    const old = await bench(terms, { library: lists.open() });
    await old.fetch(whole(old));
    await old.file.keep('old', isProven);
    return { lists, path: lists.hold('old', old.origin.content) };
  }

  async function fetched(
    b: Bench,
    span = whole(b),
  ): Promise<{ readonly copiedBytes: number; readonly ends: number[] }> {
    let copiedBytes = 0;
    const ends: number[] = [];
    const progress = {
      copied: (startByte: number, endByte: number) => void (copiedBytes += endByte - startByte),
      advanced: (end: number) => void ends.push(end),
    };
    const got = await b.fetch(span, progress);
    expect(got.equals(b.origin.content.subarray(span.startByte, span.endByte))).toBe(true);
    expect(ends).toEqual([...ends].sort((one, other) => one - other));
    expect(ends.at(-1)).toBe(span.endByte);
    return { copiedBytes, ends };
  }

  it('are found by xorb and index, copied, and the rest fetched', async () => {
    const { lists } = await landed();
    const b = await bench(TERMS, { library: lists.open() });
    const found = await b.file.look(signal);
    expect(found).toBeGreaterThan(600_000);
    const { copiedBytes } = await fetched(b);
    expect(copiedBytes).toBeGreaterThan(found - 256 * 1024);
    expect(b.file.counters.decodedBytes).toBe(b.origin.content.length - copiedBytes);
    expect(await b.file.judge()).toEqual({ state: 'proven' });
  });

  it('come right whatever spans they are asked for in', async () => {
    const { lists } = await landed();
    const b = await bench(TERMS, { library: lists.open() });
    await b.file.look(signal);
    const { length } = b.origin.content;
    const cuts = fc.uniqueArray(fc.nat({ max: length }), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const sorted = places.sort((one, other) => one - other);
        for (const [index, endByte] of sorted.slice(1).entries())
          await fetched(b, { startByte: sorted[index]!, endByte });
      }),
      { numRuns: 30 },
    );
    await fetched(b);
    expect(await b.file.judge()).toEqual({ state: 'proven' });
  });

  it('leave nothing to fetch when all are here, and cost no request when none are known', async () => {
    const b = await bench(TERMS, { library: testLists().open() });
    expect(await b.file.look(signal)).toBe(0);
    expect(b.origin.asked).toEqual([]);
    const { lists } = await landed(TERMS);
    const same = await bench(TERMS, { library: lists.open() });
    expect(await same.file.look(signal)).toBe(same.origin.content.length);
    await fetched(same);
    expect(same.file.counters.xorbRequests).toBe(0);
    expect(await same.file.judge()).toEqual({ state: 'proven' });
  });

  it('are fetched after all when the file that has them became another, or is gone', async () => {
    const { lists, path } = await landed(TERMS);
    const damaged = readFileSync(path);
    damaged[700_000]! ^= 1;
    writeFileSync(path, damaged);
    const b = await bench(TERMS, { library: lists.open() });
    expect(await b.file.look(signal)).toBe(b.origin.content.length);
    const { copiedBytes } = await fetched(b);
    expect(copiedBytes).toBeLessThan(b.origin.content.length);
    expect(await b.file.judge()).toEqual({ state: 'proven' });
    const cut = await bench(TERMS, { library: lists.open() });
    await cut.file.look(signal);
    writeFileSync(path, damaged.subarray(0, 700_000));
    await fetched(cut);
    const gone = await bench(TERMS, { library: lists.open() });
    await gone.file.look(signal);
    rmSync(path);
    expect(await fetched(gone)).toMatchObject({ copiedBytes: 0 });
    expect(await gone.file.judge()).toEqual({ state: 'proven' });
  });

  it('are written to the file where there is one, and not beyond the span', async () => {
    const { lists } = await landed(TERMS);
    const b = await bench(TERMS, { library: lists.open() });
    await b.file.look(signal);
    const path = lists.hold('new', Buffer.alloc(b.origin.content.length));
    const fd = openSync(path, 'r+');
    onTestFinished(() => closeSync(fd));
    await b.file.fetchSpan({ startByte: 100, endByte: 2_000_000 }, { fd, turn: new SharedArrayBuffer(4) }, {}, signal);
    const expected = Buffer.alloc(b.origin.content.length);
    b.origin.content.copy(expected, 100, 100, 2_000_000);
    expect(readFileSync(path).equals(expected)).toBe(true);
  });

  it('are copied no further once something else failed, or it is told to end', async () => {
    const { lists } = await landed();
    const b = await bench(TERMS, { library: lists.open() });
    await b.file.look(signal);
    b.origin.hook = (url, _, response) => {
      if (!url.startsWith('/xorbs/')) return false;
      response.writeHead(500).end();
      return true;
    };
    expect((await failure(b.fetch(whole(b)))).code).toBe('SERVER_ERROR');
    expect((await failure(b.fetch(whole(b), {}, AbortSignal.abort()))).code).toBe('INTERRUPTED');
  });

  it('are read from the lists that name a wanted xorb, once', async () => {
    const { lists } = await landed();
    const unrelated = await bench([{ xorb: text, start: 0, end: 2 }], { library: lists.open() });
    await unrelated.fetch(whole(unrelated));
    await unrelated.file.keep('unrelated', true);
    lists.reads = 0;
    const library = lists.open();
    for (let times = 0; times < 2; times += 1) {
      const b = await bench(OLD, { library });
      await b.file.look(signal);
    }
    expect(lists.reads).toBe(2 + 1);
  });

  it('judge others only when they were proven themselves', async () => {
    for (const isProven of [true, false]) {
      const { lists } = await landed(TERMS, isProven);
      rmSync(await lists.contentPath('old').then(String));
      const b = await bench(TERMS, { library: lists.open() });
      await b.file.look(signal);
      await fetched(b);
      expect(b.file.counters.chunksKnown).toBe(isProven ? b.file.counters.chunks : 0);
    }
  });

  it('leave gaps together that are too small to be fetched apart', () => {
    const part = (position: number, lengthBytes: number): Parameters<typeof leftToFetch>[1][number] => ({
      position,
      lengthBytes,
      blob: 'b',
      blobPosition: 0,
      chunks: { xorb: '', firstChunk: 0, position, hashes: new Uint8Array(), lengths: new Uint32Array() },
    });
    const span = { startByte: 10, endByte: 100 };
    const parts = [part(0, 20), part(30, 5), part(60, 20)];
    expect(leftToFetch(span, parts, 1)).toEqual([
      { startByte: 20, endByte: 30 },
      { startByte: 35, endByte: 60 },
      { startByte: 80, endByte: 100 },
    ]);
    expect(leftToFetch(span, parts, 10)).toEqual([
      { startByte: 20, endByte: 60 },
      { startByte: 80, endByte: 100 },
    ]);
    expect(leftToFetch(span, [], 1)).toEqual([span]);
  });
});
