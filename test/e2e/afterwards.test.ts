import { chmod, readdir, stat, writeFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hub, isRight, MODEL, sha256OfFile } from './hub.js';
import { eventsOf, newMachine, sluice, type Machine } from './harness.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';

async function pulled(): Promise<{ sim: Awaited<ReturnType<typeof hub>>; machine: Machine; path: string }> {
  const sim = await hub();
  const machine = await newMachine({ HF_ENDPOINT: sim.url });
  const done = await sluice(machine, 'pull', 'acme/tiny');
  expect(done.code, done.stderr).toBe(0);
  sim.forget();
  return { sim, machine, path: done.stdout.trim() };
}

async function flipByte(path: string, at: number): Promise<void> {
  await chmod(path, 0o644);
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.from([byte[0]! ^ 0x20]), 0, 1, at);
  await file.close();
}

describe('after a pull', () => {
  it('explain tells where every piece came from', async () => {
    const { sim, machine } = await pulled();
    const done = await sluice(machine, 'explain', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout + done.stderr).toContain(new URL(sim.url).host);
    expect(done.stdout + done.stderr).toContain(WEIGHT.slice(0, 12));
  });

  it('ls and where find it', async () => {
    const { machine, path } = await pulled();
    expect((await sluice(machine, 'ls')).stdout).toContain('hf:acme/tiny');
    expect((await sluice(machine, 'where', 'acme/tiny')).stdout.trim()).toBe(path);
  });

  it('verify is 0 when all is right, 5 when a byte flipped; repair fetches one piece', async () => {
    const { sim, machine, path } = await pulled();
    expect((await sluice(machine, 'verify')).code).toBe(0);
    const blob = join(
      machine.home,
      'blobs',
      'sha256',
      sha256OfFile(MODEL, WEIGHT).slice(0, 2),
      sha256OfFile(MODEL, WEIGHT),
    );
    await flipByte(blob, 13 * MIB);
    const bad = await sluice(machine, 'verify', 'acme/tiny');
    expect(bad.code, bad.stderr).toBe(5);
    const sentBefore = sim.sentBytes;
    const repaired = await sluice(machine, 'repair', 'acme/tiny');
    expect(repaired.code, repaired.stderr).toBe(0);
    expect(sim.sentBytes - sentBefore).toBeLessThanOrEqual(8 * MIB);
    expect(await isRight(MODEL, WEIGHT, join(path, WEIGHT))).toBe(true);
    expect((await sluice(machine, 'verify')).code).toBe(0);
  });

  it('a warm pull notices a changed blob and mends it', async () => {
    const { machine, path } = await pulled();
    const blob = join(
      machine.home,
      'blobs',
      'sha256',
      sha256OfFile(MODEL, WEIGHT).slice(0, 2),
      sha256OfFile(MODEL, WEIGHT),
    );
    await flipByte(blob, 100);
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(path, WEIGHT))).toBe(true);
  });

  it("verify and repair work on a cache that Sluice's store knows nothing of", async () => {
    const { sim, machine } = await pulled();
    const stranger = { ...machine, env: { ...machine.env, SLUICE_HOME: join(machine.root, 'elsewhere') } };
    const cache = join(machine.hfHome, 'hub');
    expect((await sluice(stranger, 'verify', cache)).code).toBe(0);
    const blob = join(cache, 'models--acme--tiny', 'blobs', sha256OfFile(MODEL, WEIGHT));
    await flipByte(blob, 42);
    const bad = await sluice(stranger, 'verify', cache);
    expect(bad.code, bad.stderr).toBe(5);
    const repaired = await sluice(stranger, 'repair', cache);
    expect(repaired.code, repaired.stderr).toBe(0);
    expect((await sluice(stranger, 'verify', cache)).code).toBe(0);
    expect(sim.requests.filter(({ path }) => path === 'config.json')).toEqual([]);
  });

  it('rm takes exactly its own names away, and gc what nothing references, after showing it', async () => {
    const { machine, path } = await pulled();
    const other = await sluice(machine, 'pull', 'acme/tiny', '--to', 'flat', '--include', 'model-00002*');
    expect(other.code, other.stderr).toBe(0);
    const note = join(path, 'mine.txt');
    await writeFile(note, 'not made by sluice');
    const removed = await sluice(machine, 'rm', 'hf:acme/tiny@main');
    expect(removed.code, removed.stderr).toBe(0);
    expect(await readdir(path)).toEqual(['mine.txt']);
  });

  it('gc never takes what a model still needs', async () => {
    const { machine, path } = await pulled();
    const shown = await sluice(machine, 'gc');
    expect(shown.code, shown.stderr).toBe(0);
    const applied = await sluice(machine, 'gc');
    expect(applied.code, applied.stderr).toBe(0);
    expect((await sluice(machine, 'verify')).code).toBe(0);
    expect((await stat(join(path, WEIGHT))).size).toBe(24 * MIB + 123);
  });

  it('config shows every value and where it came from, without secrets', async () => {
    const machine = await newMachine({
      HF_ENDPOINT: 'https://mirror.example',
      HF_TOKEN: 'hf_abcdefghijklmnopqrstuvwxyz0123456',
    });
    const done = await sluice(machine, 'config');
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toContain('https://mirror.example');
    expect(done.stdout).toContain('HF_ENDPOINT');
    expect(done.stdout + done.stderr).not.toContain('abcdefghijklmnopqrstuvwxyz');
  });

  it('--json writes events and nothing else to stdout', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--json');
    const types = eventsOf(done).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(['ref.resolved', 'plan.ready', 'piece.landed', 'file.proven', 'view.landed', 'pull.done']),
    );
  });
});
