import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WriteTurn } from '../../base/index.js';
import { createSlabMemory, Residents, SLAB_BYTES, Slabs } from '../../proof/index.js';
import { seededContent } from '../../sim/index.js';
import { wholeContent } from '../testing/rig.js';
import type { CarryOrder, Grant, RunMode } from './messages.js';
import { PieceWriter } from './piece-writer.js';
import { RunTarget } from './run-target.js';
import { Slot } from './slot.js';

const PIECE = 2 * SLAB_BYTES;
const SIZE = 5 * SLAB_BYTES + 12_345;
const CONTENT = wholeContent(seededContent({ seed: 'runs', sizeBytes: SIZE }));
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const piece = (index: number): Buffer => CONTENT.subarray(index * PIECE, (index + 1) * PIECE);

interface Setting {
  readonly mode?: RunMode;
  readonly first?: number;
  readonly last?: number;
  readonly filledBytes?: number;
  readonly slabs?: number;
  readonly pieceBytes?: number;
  readonly isShown?: boolean;
  readonly reached?: (index: number) => Grant;
}

function setUp({ mode = 'range', first = 0, filledBytes = 0, slabs = 8, ...rest }: Setting = {}) {
  const { pieceBytes = PIECE, isShown = false, reached } = rest;
  const { last = Math.ceil(SIZE / pieceBytes) - 1 } = rest;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-carry-'));
  const dataPath = join(folder, 'data');
  writeFileSync(dataPath, CONTENT.subarray(0, first * pieceBytes + filledBytes));
  truncateSync(dataPath, SIZE);
  const descriptor = openSync(dataPath, 'r+');
  onTestFinished(() => {
    closeSync(descriptor);
    rmSync(folder, { recursive: true, force: true });
  });
  const pool = new Slabs(createSlabMemory(slabs));
  const residents = Residents.share(SIZE);
  const startByte = first * pieceBytes + filledBytes;
  const endByte = Math.min((last + 1) * pieceBytes, SIZE);
  const asked = { path: 'a', source: 'sim', sizeBytes: SIZE };
  const slot = Slot.create(last - first, startByte);
  const order: CarryOrder = {
    wire: { url: 'http://127.0.0.1/a' },
    asked: mode === 'whole' ? asked : { ...asked, range: { startByte, endByte } },
    ...{
      mode,
      dataPath,
      pieceBytes,
      first,
      filledBytes,
      isFirstWanted: true,
      slot: slot.shared,
      turn: new WriteTurn().shared,
      algorithm: 'sha256',
      residents,
      isShown,
    },
  };
  const landed: [number, string, boolean][] = [];
  const shown: { index: number; toByte: number; isThere: boolean }[] = [];
  const writer = new PieceWriter({
    descriptor,
    turn: new WriteTurn(),
    slabs: pool,
    residents,
    algorithm: 'sha256',
    sizeBytes: SIZE,
    onLanded: (...told) => landed.push(told),
  });
  const target = new RunTarget(order, writer, slot, {
    reached: (index) => Promise.resolve(reached?.(index) ?? 'take'),
    written: (index, toByte) => {
      shown.push({
        index,
        toByte,
        isThere: readFileSync(dataPath).subarray(0, toByte).equals(CONTENT.subarray(0, toByte)),
      });
    },
  });
  const onDisk = (): Buffer => readFileSync(dataPath);
  return { target, writer, slot, landed, shown, pool, residents, onDisk, startByte, endByte };
}

/** Gives the target what an answer brings, cut anyhow, now in its own memory and now in other. */
async function feed(target: RunTarget, bytes: Buffer, cuts: readonly number[]): Promise<'enough' | undefined> {
  let rest = bytes;
  for (let turn = 0; rest.length > 0; turn += 1) {
    const wanted = Math.min(rest.length, cuts[turn % cuts.length] ?? rest.length);
    const room = turn % 3 === 0 ? undefined : target.room();
    const length = room === undefined ? wanted : Math.min(wanted, room.length);
    if (room !== undefined) rest.copy(room, 0, 0, length);
    const said = await target.onData(room?.subarray(0, length) ?? Buffer.from(rest.subarray(0, length)));
    if (said === 'enough') return said;
    rest = rest.subarray(length);
  }
  return undefined;
}

const CUTS = fc.array(fc.oneof(fc.integer({ min: 1, max: 2 * PIECE }), fc.integer({ min: 30_000, max: 70_000 })), {
  minLength: 1,
  maxLength: 6,
});

describe('a run of pieces', () => {
  it('does without slabs of all threads where there are none, by memory that it gives back', async () => {
    const { target, writer, pool, onDisk } = setUp({ slabs: 0 });
    const memory = pool.takeOwn();
    pool.giveBackOwn(memory);
    await feed(target, CONTENT, [300_000]);
    writer.close();
    expect(onDisk().equals(CONTENT)).toBe(true);
    expect(memory.equals(Buffer.alloc(SLAB_BYTES))).toBe(false);
    expect(pool.takeOwn()).toBe(memory);
  });

  it('lands every piece, however its bytes come, from wherever it begins', async () => {
    const sizes = fc.constantFrom(2 * SLAB_BYTES, SLAB_BYTES, SLAB_BYTES / 4);
    const starts = fc.record({
      pieceBytes: sizes,
      startByte: fc.nat(SIZE - 1),
      isWhole: fc.boolean(),
      isShown: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(CUTS, starts, fc.nat(12), async (cuts, { pieceBytes, startByte, isWhole, isShown }, slabs) => {
        const first = Math.floor(startByte / pieceBytes);
        const filledBytes = isWhole ? 0 : startByte % pieceBytes;
        const count = Math.ceil(SIZE / pieceBytes);
        const piece = (at: number): Buffer => CONTENT.subarray(at * pieceBytes, (at + 1) * pieceBytes);
        const rig = setUp({ first, filledBytes, slabs, pieceBytes, isShown });
        await feed(
          rig.target,
          CONTENT.subarray(rig.startByte),
          cuts.map((cut) => Math.max(cut, 1000)),
        );
        expect(rig.target.isDone).toBe(true);
        const numbers = Array.from({ length: count - first }, (_, at) => first + at);
        expect(rig.landed).toEqual(numbers.map((at) => [at, sha256(piece(at)), at === count - 1]));
        expect(rig.onDisk().equals(CONTENT)).toBe(true);
        expect(rig.slot.receivedBytes).toBe(SIZE - rig.startByte);
        expect(rig.slot.positionByte).toBe(SIZE);
        rig.writer.close();
        new Residents(rig.residents).clear(rig.pool);
        expect(rig.pool.freeCount).toBe(slabs);
      }),
      { numRuns: 40 },
    );
  });

  it('writes and tells of what comes of the first piece before it is whole, where somebody waits for that', async () => {
    const { target, shown, landed } = setUp({ isShown: true, first: 1, filledBytes: 1000 });
    await feed(target, CONTENT.subarray(PIECE + 1000, PIECE + 11_000), [10_000]);
    expect(shown).toEqual([{ index: 1, toByte: PIECE + 11_000, isThere: true }]);
    await feed(target, CONTENT.subarray(PIECE + 11_000), [30_000]);
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.filter(({ isThere }) => !isThere)).toEqual([]);
    expect(shown.filter(({ index }) => index === 1).length).toBeGreaterThan(5);
    expect(landed.map(([index]) => index)).toEqual([1, 2]);
    const quiet = setUp();
    await feed(quiet.target, CONTENT, [30_000]);
    expect(quiet.shown).toEqual([]);
  });

  it('leaves in memory what landed, as it is on disk, and no more than there is room for', async () => {
    const { target, residents, pool, writer } = setUp({ slabs: 4 });
    await feed(target, CONTENT.subarray(0, 3 * PIECE), [100_000]);
    const waiting = new Residents(residents);
    let found = 0;
    for (let index = 0; index < 6; index += 1) {
      const id = waiting.takeOut(index);
      if (id === undefined) continue;
      found += 1;
      const bytes = CONTENT.subarray(index * SLAB_BYTES, (index + 1) * SLAB_BYTES);
      expect(pool.view(id).subarray(0, bytes.length).equals(bytes)).toBe(true);
      pool.giveBack(id);
    }
    expect(found).toBeGreaterThan(0);
    writer.close();
    expect(pool.freeCount).toBe(4);
  });

  it('tells of whole pieces of a slab before the one that is broken off', async () => {
    const pieceBytes = SLAB_BYTES / 4;
    const { target, landed, onDisk } = setUp({ pieceBytes });
    await feed(target, CONTENT.subarray(0, 2 * pieceBytes + 77), [50_000]);
    const left = target.leave();
    expect(landed.map(([index, , isLast]) => [index, isLast])).toEqual([
      [0, false],
      [1, false],
    ]);
    expect(left).toEqual({
      index: 2,
      filledBytes: 77,
      digest: sha256(CONTENT.subarray(2 * pieceBytes).subarray(0, 77)),
    });
    expect(
      onDisk()
        .subarray(0, 2 * pieceBytes + 77)
        .equals(CONTENT.subarray(0, 2 * pieceBytes + 77)),
    ).toBe(true);
  });

  it('leaves no older bytes in memory than it writes', async () => {
    const { target, residents, pool } = setUp({ slabs: 1 });
    const waiting = new Residents(residents);
    const old = pool.take() ?? -1;
    waiting.put(0, old);
    await feed(target, CONTENT.subarray(0, PIECE), [100_000]);
    expect(waiting.takeOut(0)).toBeUndefined();
    expect(pool.freeCount).toBe(1);
  });

  it('ends where its end was moved to', async () => {
    const { target, slot, landed, onDisk } = setUp();
    expect(await feed(target, CONTENT.subarray(0, PIECE + 5), [PIECE])).toBeUndefined();
    expect(slot.shrinkTo(0)).toBe(false);
    expect(slot.shrinkTo(1)).toBe(true);
    expect(await feed(target, CONTENT.subarray(PIECE + 5), [100_000])).toBe('enough');
    expect(landed.map(([index, , isLast]) => [index, isLast])).toEqual([
      [0, false],
      [1, true],
    ]);
    expect(
      onDisk()
        .subarray(0, 2 * PIECE)
        .equals(CONTENT.subarray(0, 2 * PIECE)),
    ).toBe(true);
    expect(
      onDisk()
        .subarray(2 * PIECE)
        .equals(Buffer.alloc(SIZE - 2 * PIECE)),
    ).toBe(true);
  });

  it('keeps the beginning of a piece that is broken off', async () => {
    const { target, onDisk } = setUp();
    await feed(target, CONTENT.subarray(0, PIECE + 1_500_001), [70_000]);
    const left = target.leave();
    expect(left).toEqual({ index: 1, filledBytes: 1_500_001, digest: sha256(piece(1).subarray(0, 1_500_001)) });
    expect(
      onDisk()
        .subarray(0, PIECE + 1_500_001)
        .equals(CONTENT.subarray(0, PIECE + 1_500_001)),
    ).toBe(true);
  });

  it('refuses more than was asked for', async () => {
    const { target } = setUp({ last: 0 });
    await expect(feed(target, CONTENT.subarray(0, PIECE + 1), [PIECE + 1])).rejects.toMatchObject({
      code: 'BAD_RESPONSE',
    });
  });

  it('takes of a whole file what it is told to', async () => {
    const grants: readonly Grant[] = ['take', 'skip', 'take'];
    const { target, landed, onDisk } = setUp({ mode: 'whole', reached: (index) => grants[index] ?? 'stop' });
    expect(await feed(target, CONTENT, [1_000_000])).toBeUndefined();
    expect(landed.map(([index]) => index)).toEqual([0, 2]);
    expect(
      onDisk()
        .subarray(PIECE, 2 * PIECE)
        .equals(Buffer.alloc(PIECE)),
    ).toBe(true);
    expect(
      onDisk()
        .subarray(2 * PIECE)
        .equals(CONTENT.subarray(2 * PIECE)),
    ).toBe(true);
    const stopped = setUp({ mode: 'whole', reached: () => 'stop' });
    expect(await feed(stopped.target, CONTENT, [1_000_000])).toBe('enough');
  });

  it('knows a server that gives everything instead of a part', () => {
    const { target } = setUp({ first: 1 });
    const head = { status: 200, headers: { 'content-length': String(SIZE) }, url: 'http://127.0.0.1/a' };
    expect(() => target.onHead(head)).toThrow(expect.objectContaining({ code: 'RANGE_REFUSED' }) as Error);
    expect(target.ignoredRange).toBe(true);
  });
});
