import { copyFile, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { smallDisk } from './disk.js';
import { newMachine, sluice, sluiceWith, startSluice, withEnv, type Machine } from './harness.js';

const MIB = 2 ** 20;
const CHECKPOINT = join(import.meta.dirname, 'checkpoints', 'torch-2.15.pt');
const PATIENT = { timeout: 120_000 };

/** Enough that it can be ended before it is done. Nothing stands in it, so that it takes no room. */
async function largeFile(path: string): Promise<void> {
  const file = await open(path, 'w');
  await file.truncate(600 * MIB);
  await file.close();
}

async function worker(): Promise<Machine> {
  const machine = await newMachine({ WORDS: 'correct horse' });
  await mkdir(join(machine.root, 'work'));
  await largeFile(join(machine.root, 'work', 'plain'));
  return machine;
}

const namesIn = (machine: Machine): Promise<string[]> => readdir(join(machine.root, 'work'));

/** Runs a command until it writes, and ends it then. */
async function endMidway(
  machine: Machine,
  args: readonly string[],
  signal: NodeJS.Signals,
  left: number,
): Promise<number | null> {
  const before = new Set(await namesIn(machine));
  const { child, done } = startSluice(machine, args);
  const isWriting = async (): Promise<boolean> => (await namesIn(machine)).some((name) => !before.has(name));
  await expect.poll(isWriting, { timeout: 60_000, interval: 5 }).toBe(true);
  child.kill(signal);
  const { code } = await done;
  const made = (await namesIn(machine)).filter((name) => !before.has(name));
  expect(made.filter((name) => !name.endsWith('.tmp'))).toEqual([]);
  expect(made.length).toBe(left);
  return code;
}

describe('work that is ended midway', () => {
  it('leaves no sealed and no opened file, and the next run takes away what is left', PATIENT, async () => {
    const machine = await worker();
    const seal = ['seal', 'work/plain', '--passphrase', 'env:WORDS', '-q'];
    expect(await endMidway(machine, seal, 'SIGINT', 0)).toBe(130);
    await endMidway(machine, seal, 'SIGKILL', 1);
    expect((await sluice(machine, ...seal)).code).toBe(0);
    expect((await namesIn(machine)).sort()).toEqual(['plain', 'plain.sealed']);
    const unseal = ['unseal', 'work/plain.sealed', '--key', 'env:WORDS', '--force', '-q'];
    expect(await endMidway(machine, unseal, 'SIGINT', 0)).toBe(130);
    await endMidway(machine, unseal, 'SIGKILL', 1);
    expect((await sluice(machine, ...unseal)).code).toBe(0);
    expect((await namesIn(machine)).sort()).toEqual(['plain', 'plain.sealed']);
  });

  it('by a full disk leaves nothing, says so, and does not keep a scan from its verdict', PATIENT, async (test) => {
    const disk = await smallDisk(40);
    if (typeof disk === 'string') return test.skip(disk);
    const machine = await newMachine({ WORDS: 'correct horse' });
    const plain = join(machine.root, 'plain');
    await writeFile(plain, Buffer.alloc(2 * MIB, 'text of no importance\n'));
    const model = join(machine.root, 'model.pt');
    await copyFile(CHECKPOINT, model);
    await sluice(machine, 'seal', 'plain', '--passphrase', 'env:WORDS', '-q');
    const here = withEnv(machine, { SLUICE_HOME: join(disk.folder, 'store') });
    // The store is there before the disk is full.
    expect((await sluiceWith(here, disk, 'scan', model, '-q')).code).toBe(0);
    await disk.fill();
    const out = join(disk.folder, 'out');
    for (const args of [
      ['seal', plain, '--passphrase', 'env:WORDS', '--out', out],
      ['unseal', `${plain}.sealed`, '--key', 'env:WORDS', '--out', out],
      ['convert', model, '--to', join(disk.folder, 'model.safetensors')],
    ]) {
      const { code, stderr } = await sluiceWith(machine, disk, ...args);
      expect([args[0], code, stderr]).toEqual([args[0], 8, expect.stringContaining(disk.folder)]);
    }
    const scanned = await sluiceWith(here, disk, 'scan', model, '--json');
    expect(scanned.code, scanned.stderr).toBe(0);
    await disk.clear();
    const done = await sluiceWith(machine, disk, 'seal', plain, '--passphrase', 'env:WORDS', '--out', out);
    expect(done.code, done.stderr).toBe(0);
    expect((await readFile(join(machine.root, 'plain.sealed'))).length).toBeGreaterThan(2 * MIB);
  });
});
