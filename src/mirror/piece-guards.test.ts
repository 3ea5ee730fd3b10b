import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Guard } from '../hubs/index.js';
import { crc32, crcHex } from '../proof/index.js';
import { openStore, type Store } from '../store/index.js';
import { PieceGuards } from './piece-guards.js';

const MIB = 2 ** 20;
let root: string;
let store: Store;
let now = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-guards-'));
  store = await openStore(root);
  now = 0;
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(bytes: Buffer, pieceBytes?: number): Promise<string> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const proof = { sha256, sizeBytes: bytes.length, digests: {} };
  if (pieceBytes === undefined) await store.putBytes(bytes, proof);
  else {
    const count = Math.ceil(bytes.length / pieceBytes);
    const digests = Array.from({ length: count }, (_, index) =>
      crcHex(crc32(bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes))),
    );
    await store.putBytes(bytes, { ...proof, pieces: { pieceBytes, digests } });
  }
  return sha256;
}

async function guardOf(guards: PieceGuards, sha256: string): Promise<Guard> {
  return guards.guard(sha256, await stat(store.blobPath(sha256), { bigint: true }));
}

const startsOf = async (guard: Guard, startByte: number, endByte: number): Promise<number[]> =>
  (await guard.due({ startByte, endByte })).map((piece) => piece.startByte);

async function pass(guard: Guard, startByte: number, endByte: number): Promise<void> {
  for (const piece of await guard.due({ startByte, endByte })) await guard.judged(piece, true);
}

test('pieces are due once, those that a span touches, and again after an hour', async () => {
  const guards = new PieceGuards({ store, now: () => now });
  const guard = await guardOf(guards, await put(Buffer.alloc(3 * MIB + 5, 7), MIB));
  expect(await startsOf(guard, MIB - 1, 2 * MIB)).toEqual([0, MIB]);
  await pass(guard, MIB - 1, 2 * MIB);
  expect(await startsOf(guard, 0, 3 * MIB + 5)).toEqual([2 * MIB, 3 * MIB]);
  now = 1_800_000;
  await pass(guard, 3 * MIB, 3 * MIB + 5);
  now = 3_600_000;
  expect(await startsOf(guard, 0, 3 * MIB + 5)).toEqual([0, MIB, 2 * MIB]);
});

test('a wrong piece takes its blob out of use, and is told with its first byte', async () => {
  const told: unknown[] = [];
  const guards = new PieceGuards({ store, now: () => now, rotten: (...what) => told.push(what) });
  const sha256 = await put(Buffer.alloc(3 * MIB, 7), MIB);
  const guard = await guardOf(guards, sha256);
  const due = await guard.due({ startByte: 0, endByte: 3 * MIB });
  if (due[1] !== undefined) await guard.judged(due[1], false);
  expect(told).toEqual([[sha256, MIB]]);
  expect(await store.blobState(sha256)).toBe('unproven');
});

test('a blob without pieces is compared as a whole, or hashed once for all who wait, which leaves digests of pieces', async () => {
  const guards = new PieceGuards({ store, now: () => now });
  const small = await put(Buffer.alloc(2 * MIB, 1));
  const all = { startByte: 0, endByte: 2 * MIB };
  expect(await (await guardOf(guards, small)).due(all)).toEqual([{ ...all, digest: small }]);
  const bytes = Buffer.alloc(9 * MIB + 3, 2);
  const large = await put(bytes);
  const guard = await guardOf(guards, large);
  const span = { startByte: 9 * MIB, endByte: 9 * MIB + 1 };
  const [first, second] = await Promise.all([guard.due(span), guard.due(span)]);
  expect(first).toEqual([{ startByte: 9 * MIB, endByte: 9 * MIB + 3, digest: crcHex(crc32(bytes.subarray(9 * MIB))) }]);
  expect(second).toEqual(first);
  expect((await store.blobProof(large))?.pieces?.digests).toHaveLength(10);
});

test('what is remembered is bounded: blobs least recently asked for are compared anew', async () => {
  const guards = new PieceGuards({ store, now: () => now, mostPieces: 3 });
  const guard = [];
  for (const seed of [1, 2]) guard.push(await guardOf(guards, await put(Buffer.alloc(2 * MIB, seed), MIB)));
  for (const each of guard) await pass(each, 0, 2 * MIB);
  expect(await Promise.all(guard.map((each) => startsOf(each, 0, MIB)))).toEqual([[0], []]);
});

test('where a digest was wrong and not the bytes, hashing makes the digests anew', async () => {
  const guards = new PieceGuards({ store, now: () => now });
  const bytes = Buffer.alloc(9 * MIB, 3);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const digests = Array.from({ length: 3 }, () => 'dead0000');
  await store.putBytes(bytes, {
    sha256,
    sizeBytes: bytes.length,
    digests: {},
    pieces: { pieceBytes: 4 * MIB, digests },
  });
  const span = { startByte: 0, endByte: 1 };
  const [bad] = await (await guardOf(guards, sha256)).due(span);
  if (bad !== undefined) await (await guardOf(guards, sha256)).judged(bad, false);
  expect(await store.proveBlob(sha256)).toBe('proven');
  const digest = crcHex(crc32(bytes.subarray(0, MIB)));
  expect(await (await guardOf(guards, sha256)).due(span)).toEqual([{ startByte: 0, endByte: MIB, digest }]);
});
