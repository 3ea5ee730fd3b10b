import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answering, assembleModule, BLOCK_FOREVER } from '../../src/admission/testing/hand-assembled.js';
import { torchLegacyStart } from '../../src/scan/testing/build-torch.js';
import { smallDisk } from './disk.js';
import { hub } from './hub.js';
import { newMachine, sluice, sluiceWith, startSluice, withEnv, type Machine } from './harness.js';

const MIB = 2 ** 20;
const CHECKPOINT = join(import.meta.dirname, 'checkpoints', 'torch-2.15.pt');
const PATIENT = { timeout: 120_000 };

/** Enough that it can be ended before it is done. Nothing stands in it, so that it takes no room. */
async function largeFile(path: string, start: Buffer = Buffer.alloc(0)): Promise<void> {
  const file = await open(path, 'w');
  await file.write(start);
  await file.truncate(start.length + 600 * MIB);
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

  it('leaves no converted file and no proof of one', PATIENT, async () => {
    const machine = await newMachine();
    await mkdir(join(machine.root, 'work'));
    const model = join(machine.root, 'work', 'model.pt');
    await largeFile(model, torchLegacyStart({ key: '0', elements: 150 * MIB }));
    const convert = ['convert', 'work/model.pt', '--to', 'work/model.safetensors', '-q'];
    expect(await endMidway(machine, convert, 'SIGINT', 0)).toBe(130);
    await endMidway(machine, convert, 'SIGKILL', 1);
    const done = await sluice(machine, ...convert);
    expect(done.code, done.stderr).toBe(0);
    expect((await namesIn(machine)).sort()).toEqual(['model.pt', 'model.safetensors', 'model.safetensors.proof.json']);
  });

  it('decides nothing, and is done anew the next time', PATIENT, async () => {
    const text = Buffer.alloc(2 * MIB, 'text of no importance\n');
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files: { 'notes.txt': text } }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    expect((await sluice(machine, 'pull', 'hf:acme/tiny', '--policy', 'off', '-q')).code).toBe(0);
    const kept = async (collection: string): Promise<readonly string[]> => {
      const names = await readdir(join(machine.home, 'documents', collection)).catch(() => []);
      return names.filter((name) => name.endsWith('.json'));
    };
    const policy = join(machine.root, 'policy.toml');
    const setModule = async (verify?: readonly number[]): Promise<void> => {
      const said = answering('{"verdict":"fail","reasons":["because it says so"]}');
      const module = assembleModule({ ...said, ...(verify === undefined ? {} : { verify }) });
      await writeFile(join(machine.root, 'own.wasm'), module);
      const sha256 = createHash('sha256').update(module).digest('hex');
      await writeFile(policy, `[[hook]]\nmodule = "own.wasm"\nsha256 = "${sha256}"\ntime = "10m"\n`);
    };
    const admit = ['admit', 'hf:acme/tiny', '--policy', policy];
    await setModule(BLOCK_FOREVER);
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGKILL', null],
    ] as const) {
      const { child, done } = startSluice(machine, admit);
      // What the scanner found is kept before the module is asked, which does not answer.
      await expect.poll(async () => (await kept('scans')).length, { timeout: 60_000 }).toBe(1);
      child.kill(signal);
      expect((await done).code).toBe(code);
      expect([await kept('admissions'), await kept('quarantine')]).toEqual([[], []]);
      await rm(join(machine.home, 'documents', 'scans'), { recursive: true });
    }
    await setModule();
    const refused = await sluice(machine, ...admit);
    expect([refused.code, refused.stdout]).toEqual([6, expect.stringContaining('because it says so')]);
    expect([(await kept('admissions')).length, (await kept('quarantine')).length]).toEqual([1, 1]);
  });

  it('looks at nothing that was half read, and leaves nothing', PATIENT, async () => {
    const pickle = Buffer.concat([
      Buffer.from('\x80\x02X\x00\x00\x40\x00', 'latin1'),
      Buffer.alloc(4 * MIB),
      Buffer.from('.'),
    ]);
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files: { 'data.pkl': pickle } }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const stalled = sim.faults.add({
      on: { path: /data\.pkl/, kind: ['resolve', 'cdn'], method: 'GET' },
      fault: { type: 'stall', afterBytes: 1000 },
    });
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGKILL', null],
    ] as const) {
      const before = stalled.hits;
      const { child, done } = startSluice(machine, ['scan', 'hf:acme/tiny']);
      await expect.poll(() => stalled.hits, { timeout: 60_000 }).toBeGreaterThan(before);
      child.kill(signal);
      const { code: ended, stdout } = await done;
      expect([ended, stdout]).toEqual([code, '']);
    }
    stalled.remove();
    const scanned = await sluice(machine, 'scan', 'hf:acme/tiny');
    expect([scanned.code, scanned.stdout]).toEqual([0, expect.stringContaining('1')]);
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
