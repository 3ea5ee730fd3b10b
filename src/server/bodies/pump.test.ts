import fc from 'fast-check';
import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pumpFile, type Sink } from './pump.js';

const BYTES = Buffer.alloc(3 * 512 * 1024 + 17, 0);
for (let index = 0; index < BYTES.length; index += 1) BYTES[index] = (index * 31 + (index >> 9)) % 251;

let folder = '';
let file: FileHandle;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-pump-'));
  await writeFile(join(folder, 'file'), BYTES);
  file = await open(join(folder, 'file'), 'r');
});

afterAll(async () => {
  await file.close();
  await rm(folder, { recursive: true, force: true });
});

/** Keeps a copy of what comes, and lets the buffer go after `turns` turns of the event loop. */
function collect(turns: number): { readonly sink: Sink; readonly got: Buffer[] } {
  const got: Buffer[] = [];
  const later = (left: number, done: () => void): void => {
    if (left === 0) done();
    else setImmediate(later, left - 1, done);
  };
  return {
    got,
    sink: {
      write: (bytes, done) =>
        later(turns, () => {
          // As late as it may: a buffer that was given to somebody else shows here.
          got.push(Buffer.from(bytes));
          done();
        }),
    },
  };
}

describe('a file on its way out', () => {
  it('is the bytes of its span, however slowly they are taken and however many send at once', async () => {
    const at = fc.nat(BYTES.length);
    const stream = fc.tuple(at, at, fc.nat(3));
    await fc.assert(
      fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 4 }), async (streams) => {
        await Promise.all(
          streams.map(async ([a, b, turns]) => {
            const [startByte, endByte] = [Math.min(a, b), Math.max(a, b)];
            const { sink, got } = collect(turns);
            expect(await pumpFile(file.fd, { startByte, endByte }, sink)).toBe(endByte - startByte);
            expect(Buffer.concat(got).equals(BYTES.subarray(startByte, endByte))).toBe(true);
          }),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('fails when the file ends early, the other side is gone, or nobody wants it any more', async () => {
    const whole = { startByte: 0, endByte: BYTES.length };
    const { sink } = collect(0);
    await expect(pumpFile(file.fd, { startByte: 0, endByte: BYTES.length + 1 }, sink)).rejects.toThrow('ended early');
    const gone: Sink = { write: (_, done) => setImmediate(done, new Error('EPIPE')) };
    await expect(pumpFile(file.fd, whole, gone)).rejects.toMatchObject({ code: 'RESET' });
    await expect(pumpFile(file.fd, whole, sink, AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('ends when nobody wants it any more, though what was written is never answered', async () => {
    const gone = new AbortController();
    const silent: Sink = { write: () => setImmediate(() => gone.abort()) };
    const sending = pumpFile(file.fd, { startByte: 0, endByte: BYTES.length }, silent, gone.signal);
    await expect(sending).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
