import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SluiceError, type SluiceEvent } from '../base/index.js';
import type { Content } from '../hubs/index.js';
import { openStore } from '../store/index.js';
import type { Demand } from '../transfer/index.js';
import { Fills } from './fills.js';
import { PieceGuards } from './piece-guards.js';

const SIZE = 2 ** 20;
const HALF = SIZE / 2;
const FILE = { path: 'model.bin', sizeBytes: SIZE, digests: { sha256: 'a'.repeat(64) } };

/** A transfer that has brought all of the file, unproven; the test tells the rest. */
async function setUp() {
  const root = mkdtempSync(join(tmpdir(), 'sluice-kept-to-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const store = await openStore(root);
  const data = join(dirname(store.journalPath(FILE)), 'data');
  mkdirSync(dirname(data), { recursive: true });
  writeFileSync(data, Buffer.alloc(SIZE, 7));
  let demand: Demand | undefined;
  let tell: (event: SluiceEvent) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  let proven: (sha256: string) => void = () => undefined;
  const fills = new Fills({
    store,
    guards: new PieceGuards({ store }),
    emit: () => undefined,
    bring: (task, emit) => {
      ({ demand } = task);
      tell = emit;
      demand?.opened(HALF, [], { digestOf: () => undefined, distrust: () => undefined });
      demand?.arrived({ startByte: 0, endByte: SIZE });
      return new Promise((resolve, reject) => {
        fail = reject;
        proven = (sha256) => resolve({ task, sha256, checks: [], fetchedBytes: SIZE, pieces: [] });
      });
    },
    makeRoom: () => Promise.resolve(true),
    idleMs: 600_000,
  });
  onTestFinished(() => fail(new SluiceError('INTERRUPTED')));
  const content = (): Content =>
    fills.content(
      FILE,
      SIZE,
      () => ({ sources: [] }),
      () => undefined,
    );
  const wrong = (index: number): void => {
    tell({ type: 'piece.wrong', index, source: 'there', message: 'wrong' } as unknown as SluiceEvent);
    demand?.arrived({ startByte: 0, endByte: SIZE });
  };
  const bring = async (bytes: Buffer): Promise<void> => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await store.putBytes(bytes, { sha256, sizeBytes: SIZE, digests: {} });
    proven(sha256);
  };
  return { content, wrong, bring, fail: (error: Error) => fail(error) };
}

/** How many bytes of the first half can be had, or why they cannot. */
async function firstOf(content: Content): Promise<unknown> {
  let bytes = 0;
  try {
    const { signal } = new AbortController();
    for await (const chunk of content.read({ startByte: 0, endByte: 1000 }, signal)) bytes += chunk.length;
    return bytes;
  } catch (thrown) {
    return (thrown as SluiceError).code;
  }
}

it('whoever keeps to what had come is given nothing else, and whoever does not goes on', async () => {
  const { content, wrong, fail } = await setUp();
  const [kept, free] = [content(), content()];
  expect(kept.run).toBeUndefined();
  expect(await firstOf(kept)).toBe(1000);
  const { run, wrongAtMs } = kept;
  expect(run).toBeDefined();
  kept.keepTo?.({ run, wrongAtMs });
  expect(await firstOf(kept)).toBe(1000);
  // Elsewhere in the file: what was read here was right, and what will be read there was not looked at.
  wrong(1);
  expect([await firstOf(kept), await firstOf(free)]).toEqual(['BAD_RESPONSE', 1000]);
  const later = content();
  later.keepTo?.({ run: later.run, wrongAtMs: later.wrongAtMs });
  expect(await firstOf(later)).toBe(1000);
  // Another transfer may bring others.
  fail(new SluiceError('NO_PROGRESS'));
  await expect.poll(() => later.run).toBeUndefined();
  expect([await firstOf(later), await firstOf(free)]).toEqual(['BAD_RESPONSE', 1000]);
});

it('what was looked at is read on when it has come whole, also where no listing names it', async () => {
  const { content, bring } = await setUp();
  const kept = content();
  expect(await firstOf(kept)).toBe(1000);
  kept.keepTo?.({ run: kept.run, wrongAtMs: kept.wrongAtMs });
  // Found by what it was proven to have: what it was asked for by leads nowhere.
  await bring(Buffer.alloc(SIZE, 7));
  await expect.poll(() => kept.run).toBeUndefined();
  expect(await firstOf(kept)).toBe(1000);
});
