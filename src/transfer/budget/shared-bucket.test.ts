import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import ts from 'typescript';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedBucket } from './shared-bucket.js';

const { signal } = new AbortController();

describe('a bucket', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] });
    // The clock of a machine that has been up for a while.
    vi.advanceTimersByTime(1000);
  });
  afterEach(() => void vi.useRealTimers());

  /** Milliseconds until it is over, looked at every 5 ms. */
  async function waitOf(promise: Promise<void> | undefined): Promise<number> {
    let isOver = promise === undefined;
    void promise?.then(() => (isOver = true));
    for (let ms = 0; ; ms += 5) {
      await vi.advanceTimersByTimeAsync(0);
      if (isOver) return ms;
      if (ms > 1e6) throw new Error('it never ends');
      await vi.advanceTimersByTimeAsync(5);
    }
  }

  function limited(bytesPerSecond: number): SharedBucket {
    const bucket = new SharedBucket();
    bucket.limitTo(bytesPerSecond);
    return bucket;
  }

  it('lets a burst pass and then makes readers wait their share', async () => {
    const bucket = limited(1_000_000);
    expect(bucket.take(100_000, signal)).toBeUndefined();
    expect(bucket.debtMs).toBe(0);
    const wait = bucket.take(200_000, signal);
    expect(bucket.debtMs).toBe(200);
    expect(await waitOf(wait)).toBe(200);
    await vi.advanceTimersByTimeAsync(200);
    expect(bucket.take(100_000, signal)).toBeUndefined();
    expect(bucket.counts).toEqual({ held: 1, takenBytes: 400_000 });
  });

  it('lets no more through than its rate, however many read', async () => {
    const bucket = limited(1_000_000);
    let passedBytes = 0;
    const stop = new AbortController();
    const reader = async (chunk: number): Promise<void> => {
      while (!stop.signal.aborted) {
        const pause = bucket.take(chunk, stop.signal);
        passedBytes += chunk;
        await (pause ?? Promise.resolve());
      }
    };
    const readers = [1000, 7000, 64_000, 64_000].map(reader);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(passedBytes).toBeGreaterThan(9_900_000);
    expect(passedBytes).toBeLessThan(10_000_000 + 100_000 + 136_000);
    stop.abort();
    await Promise.all(readers);
  });

  it('costs and counts nothing without a limit', () => {
    const bucket = new SharedBucket();
    expect(bucket.take(1e12, signal)).toBeUndefined();
    expect(bucket.bytesPerSecond).toBeUndefined();
    expect(bucket.counts).toEqual({ held: 0, takenBytes: 0 });
  });

  it('does not hold up an end', async () => {
    const stop = new AbortController();
    const wait = limited(1000).take(1e9, stop.signal);
    stop.abort();
    expect(await waitOf(wait)).toBe(0);
  });

  it('keeps what is owed when the rate changes, and tells whoever waits', async () => {
    const bucket = limited(1000);
    const wait = bucket.take(100_100, signal);
    expect(bucket.debtMs).toBe(100_000);
    bucket.limitTo(100_000);
    expect(bucket.debtMs).toBe(1000);
    // The first look of who waits comes after 100 ms at most, of the old pace.
    expect(await waitOf(wait)).toBeLessThanOrEqual(1100);
    const slower = bucket.take(100_000, signal);
    bucket.limitTo(10_000);
    expect(await waitOf(slower)).toBeGreaterThan(8000);
  });

  it('lets everybody go when the limit ends', async () => {
    const bucket = limited(1000);
    const wait = bucket.take(1e9, signal);
    bucket.limitTo(undefined);
    expect(await waitOf(wait)).toBeLessThanOrEqual(100);
    bucket.limitTo(1_000_000);
    expect(bucket.debtMs).toBe(0);
  });

  it('is the same through every view of its buffer', () => {
    const bucket = limited(1_000_000);
    const other = new SharedBucket(bucket.buffer);
    void other.take(600_000, signal);
    expect(bucket.debtMs).toBe(500);
    bucket.limitTo(2_000_000);
    expect(other.bytesPerSecond).toBe(2_000_000);
  });

  it('survives debts beyond measure', () => {
    const bucket = limited(1);
    for (let index = 0; index < 2000; index += 1) void bucket.take(2 ** 40, AbortSignal.abort());
    expect(bucket.debtMs).toBe(1e12);
    bucket.limitTo(1e15);
    expect(bucket.debtMs).toBeLessThan(1000);
  });
});

describe('threads that take from one bucket at once', () => {
  const folder = join(import.meta.dirname, '../../../node_modules/.cache', `bucket-test-${process.pid}`);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('lose no byte of what is owed', async () => {
    const source = readFileSync(join(import.meta.dirname, 'shared-bucket.ts'), 'utf8');
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'shared-bucket.mjs'), ts.transpileModule(source, { compilerOptions }).outputText);
    writeFileSync(
      join(folder, 'reader.mjs'),
      `import { workerData, parentPort } from 'node:worker_threads';
      import { SharedBucket } from './shared-bucket.mjs';
      const { buffer, gate, takes, bytes } = workerData;
      const bucket = new SharedBucket(buffer);
      const stop = AbortSignal.abort();
      Atomics.add(gate, 0, 1);
      while (Atomics.load(gate, 0) < 4);
      for (let index = 0; index < takes; index += 1) bucket.take(bytes, stop);
      parentPort.postMessage('over');`,
    );
    const [takes, bytes] = [20_000, 1000];
    const bucket = new SharedBucket();
    bucket.limitTo(100_000);
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const startedMs = performance.now();
    const workerData = { buffer: bucket.buffer, gate, takes, bytes };
    const over = Array.from({ length: 4 }, () => {
      const worker = new Worker(join(folder, 'reader.mjs'), { workerData });
      return new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    });
    await Promise.all(over);
    const passedMs = performance.now() - startedMs;
    const owedMs = (4 * takes * bytes) / 100;
    expect(bucket.counts.takenBytes).toBe(4 * takes * bytes);
    expect(bucket.debtMs).toBeLessThanOrEqual(owedMs);
    expect(bucket.debtMs).toBeGreaterThanOrEqual(owedMs - passedMs - 200);
  });
});
