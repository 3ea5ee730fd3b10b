import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { ChunkMap } from './chunk-map.js';
import { HeldChunks, leftToFetch } from './held-chunks.js';
import { TERMS, bench, failure, noise, signal, text, weights, whole } from './testing/bench.js';

describe('a file of the content service', () => {
  it.each([1, 4])('comes whole, %i ranges at a time, and its chunks prove its id', async (parallel) => {
    const b = await bench(TERMS, { parallel });
    const map = new ChunkMap(b.origin.content.length);
    const ends: number[] = [];
    let wireBytes = 0;
    const got = await b.fetch(whole(b), {
      hashed: (span) => map.add(span),
      advanced: (endByte) => ends.push(endByte),
      received: (bytes) => void (wireBytes += bytes),
    });
    expect(got.equals(b.origin.content)).toBe(true);
    expect(ends).toEqual([...ends].sort((one, other) => one - other));
    expect(ends.at(-1)).toBe(got.length);
    expect(map.isComplete).toBe(true);
    await map.prove(b.pool, b.origin.fileId, { path: 'x', source: 'hub' });
    expect(b.file.counters).toMatchObject({ wireBytes, xorbRequests: 3, renewals: 0 });
    expect(wireBytes).toBeLessThan(got.length);
    expect(b.file.counters.chunks).toBe(weights.chunks.length + 20 + text.chunks.length);
  });

  it('comes in any spans, and their chunks together prove its id', async () => {
    const b = await bench();
    const { length } = b.origin.content;
    const map = new ChunkMap(length);
    const cuts = [0, 1, 7000, 65_536, 1_000_000, 1_499_999, 1_500_001, 1_700_000, 2_000_000, length - 1, length];
    const spans = cuts.slice(1).map((endByte, index) => ({ startByte: cuts[index]!, endByte }));
    for (const span of spans.reverse()) {
      const got = await b.fetch(span, { hashed: (chunks) => map.add(chunks) });
      expect(got.equals(b.origin.content.subarray(span.startByte, span.endByte))).toBe(true);
    }
    await map.prove(b.pool, b.origin.fileId, { path: 'x', source: 'hub' });
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
  it('are found by xorb and index, copied, and the rest fetched', async () => {
    const old = await bench([
      { xorb: weights, start: 0, end: 10 },
      { xorb: noise, start: 2, end: 18 },
    ]);
    const held = new HeldChunks();
    await old.fetch(whole(old), { hashed: (span) => held.add('old', [span]) });

    const b = await bench();
    const map = new ChunkMap(b.origin.content.length);
    const parts = await b.file.locate(whole(b), held, signal);
    const out = Buffer.alloc(b.origin.content.length);
    for (const { position, lengthBytes, blobPosition, chunks } of parts) {
      old.origin.content.copy(out, position, blobPosition, blobPosition + lengthBytes);
      map.add(chunks);
    }
    const left = leftToFetch(whole(b), parts, 1);
    const heldBytes = parts.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
    expect(left.reduce((sum, span) => sum + span.endByte - span.startByte, 0)).toBe(out.length - heldBytes);
    expect(heldBytes).toBeGreaterThan(600_000);
    for (const span of left) out.set(await b.fetch(span, { hashed: (chunks) => map.add(chunks) }), span.startByte);
    expect(out.equals(b.origin.content)).toBe(true);
    await map.prove(b.pool, b.origin.fileId, { path: 'x', source: 'hub' });
  });

  it('leave nothing to fetch when all are here, and no request is made when none are known', async () => {
    const b = await bench();
    const held = new HeldChunks();
    expect(await b.file.locate(whole(b), held, signal)).toEqual([]);
    expect(b.origin.asked).toEqual([]);
    await b.fetch(whole(b), { hashed: (span) => held.add('same', [span]) });
    const parts = await b.file.locate(whole(b), held, signal);
    expect(leftToFetch(whole(b), parts, 1)).toEqual([]);
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
