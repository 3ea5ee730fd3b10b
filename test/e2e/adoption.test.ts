import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toContent, wholeContent, type Sim } from '../../src/sim/index.js';
import { contentRequests, hub, isRight, MODEL, sha256OfFile } from './hub.js';
import { eventsOf, newMachine, sluice, type Machine } from './harness.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';
const SIZE = 24 * MIB + 123;
const BYTES = wholeContent(toContent(MODEL[WEIGHT]!));
const SHA256 = sha256OfFile(MODEL, WEIGHT);
const ONLY = ['--include', WEIGHT] as const;

async function put(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** aria2's control file, version 1: a piece length, a total, and which pieces are whole. */
function aria2Control(pieceBytes: number, whole: readonly number[]): Buffer {
  const bitfield = Buffer.alloc(Math.ceil(Math.ceil(SIZE / pieceBytes) / 8));
  for (const index of whole) bitfield[index >> 3]! |= 0x80 >> (index & 7);
  const head = Buffer.alloc(34);
  head.writeUInt16BE(1, 0);
  head.writeUInt32BE(pieceBytes, 10);
  head.writeBigUInt64BE(BigInt(SIZE), 14);
  head.writeUInt32BE(bitfield.length, 30);
  return Buffer.concat([head, bitfield, Buffer.alloc(4)]);
}

/** What comes over one connection is not handed over to another, which on a busy machine costs some of it twice. */
const ALONE = ['--connections', '1'];

/** Pulls the weight, which must cost no more than what is missing and a piece. */
async function pullRest(machine: Machine, sim: Sim, missingBytes: number, ...args: readonly string[]): Promise<void> {
  const done = await sluice(machine, 'pull', ...args, ...ONLY, ...ALONE, '--json');
  expect(done.code, done.stderr).toBe(0);
  const pieces = eventsOf(done).filter(({ type }) => type === 'piece.landed');
  const pieceBytes = Math.max(0, ...pieces.map(({ startByte, endByte }) => Number(endByte) - Number(startByte)));
  expect(sim.sentBytes).toBeLessThanOrEqual(missingBytes + pieceBytes + 100_000);
  expect(eventsOf(done).some(({ type }) => type === 'file.adopted')).toBe(true);
  const path = String(eventsOf(done).find(({ type }) => type === 'pull.done')?.path);
  expect(await isRight(MODEL, WEIGHT, join(path, WEIGHT))).toBe(true);
}

describe('what another tool began is gone on with', () => {
  it('`hf download --local-dir`, its partial', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const name = `.cache/huggingface/download/dGVzdHRlc3Q=.${SHA256}.incomplete`;
    await put(join(machine.root, 'model', name), BYTES.subarray(0, 17 * MIB + 5));
    await pullRest(machine, sim, SIZE - 17 * MIB, 'acme/tiny', '--to', 'model');
  });

  it('aria2, pieces here and there', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const holes = Buffer.alloc(SIZE);
    for (const mib of [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15])
      BYTES.copy(holes, mib * MIB, mib * MIB, (mib + 1) * MIB);
    await put(join(machine.root, 'model', WEIGHT), holes);
    const control = aria2Control(MIB, [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15]);
    await put(join(machine.root, 'model', `${WEIGHT}.aria2`), control);
    await pullRest(machine, sim, SIZE - 12 * MIB, 'acme/tiny', '--to', 'model');
  });

  it('modelscope, `.incomplete`', async () => {
    const sim = await hub();
    const machine = await newMachine({ MODELSCOPE_ENDPOINT: sim.url });
    const path = join(machine.msCache, 'models', 'acme--tiny', 'snapshots', 'master', `${WEIGHT}.incomplete`);
    await put(path, BYTES.subarray(0, 16 * MIB));
    await pullRest(machine, sim, SIZE - 16 * MIB, 'ms:acme/tiny');
  });

  it('modelscope, part files of a parallel download', async () => {
    const sim = await hub();
    const machine = await newMachine({ MODELSCOPE_ENDPOINT: sim.url });
    const stem = join(machine.msCache, 'models', '._____temp', 'acme', 'tiny', WEIGHT);
    await put(`${stem}_0_${8 * MIB - 1}`, BYTES.subarray(0, 8 * MIB));
    await put(`${stem}_${8 * MIB}_${16 * MIB - 1}`, BYTES.subarray(8 * MIB, 12 * MIB));
    await put(`${stem}_${16 * MIB}_${SIZE - 1}`, BYTES.subarray(16 * MIB, 20 * MIB));
    await pullRest(machine, sim, SIZE - 16 * MIB, 'ms:acme/tiny');
  });

  it.each([
    ['a partial with its parts', true],
    ['a blob that is whole', false],
  ])('ollama, %s', async (_, isPartial) => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const blob = join(machine.root, '.ollama', 'models', 'blobs', `sha256-${SHA256}`);
    if (isPartial) {
      await put(`${blob}-partial`, Buffer.concat([BYTES.subarray(0, 16 * MIB), Buffer.alloc(SIZE - 16 * MIB)]));
      await put(`${blob}-partial-0`, JSON.stringify({ N: 0, Offset: 0, Size: 12 * MIB, Completed: 12 * MIB }));
      const second = { N: 1, Offset: 12 * MIB, Size: SIZE - 12 * MIB, Completed: 4 * MIB };
      await put(`${blob}-partial-1`, JSON.stringify(second));
    } else await put(blob, BYTES);
    await pullRest(machine, sim, isPartial ? SIZE - 16 * MIB : 0, 'acme/tiny');
  });

  it('with a wrong byte in it: found out, and right in the end', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const spoiled = Buffer.from(BYTES);
    spoiled[9 * MIB]! ^= 1;
    await put(join(machine.hfHome, 'hub', 'models--acme--tiny', 'blobs', `${SHA256}.incomplete`), spoiled);
    const done = await sluice(machine, 'pull', 'acme/tiny', ...ONLY, ...ALONE);
    expect(done.code, done.stderr).toBe(0);
    expect(sim.sentBytes).toBeLessThan(SIZE + MIB);
    expect(await isRight(MODEL, WEIGHT, join(done.stdout.trim(), WEIGHT))).toBe(true);
  });
});

describe('a folder that has the files already', () => {
  it('made by `hf download --local-dir` or by hand: nothing large is fetched, mine are not touched', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const folder = join(machine.root, 'model');
    for (const path of Object.keys(MODEL)) await put(join(folder, path), wholeContent(toContent(MODEL[path]!)));
    await put(join(folder, 'notes.txt'), 'mine');
    const metadata = `${sim.commit('acme/tiny')}\n${SHA256}\n${Date.now() / 1000}\n`;
    await put(join(folder, '.cache/huggingface/download', `${WEIGHT}.metadata`), metadata);
    const before = await stat(join(folder, WEIGHT));
    const done = await sluice(machine, 'pull', 'acme/tiny', '--to', 'model');
    expect(done.code, done.stderr).toBe(0);
    expect(contentRequests(sim)).toBeLessThanOrEqual(5);
    expect(sim.sentBytes).toBeLessThan(100_000);
    for (const path of Object.keys(MODEL)) expect(await isRight(MODEL, path, join(folder, path)), path).toBe(true);
    expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
    expect((await stat(join(folder, WEIGHT))).size).toBe(before.size);
  });

  it('by an earlier pull, without the store: they are found and proven, not fetched', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    expect((await sluice(machine, 'pull', 'acme/tiny', '--to', 'model')).code).toBe(0);
    await rm(machine.home, { recursive: true });
    const before = sim.sentBytes;
    const done = await sluice(machine, 'pull', 'acme/tiny', '--to', 'model');
    expect(done.code, done.stderr).toBe(0);
    expect(sim.sentBytes - before).toBeLessThan(100_000);
    const bytes = await readFile(join(machine.root, 'model', WEIGHT));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(SHA256);
  });
});
