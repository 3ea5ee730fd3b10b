import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent, wholeContent, type Sim } from '../../src/sim/index.js';
import { eventsOf, newMachine, sluice, startSluice, type Machine } from './harness.js';
import { hub } from './hub.js';

const MIB = 2 ** 20;
const PATIENT = { timeout: 120_000 };
const SEALED = 'model.safetensors.sealed';

async function keysOn(machine: Machine): Promise<{ secret: string; open: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const [secret, open] = [join(machine.root, 'mine.key'), join(machine.root, 'mine.pub')];
  await writeFile(secret, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  await writeFile(open, publicKey.export({ format: 'pem', type: 'spki' }));
  return { secret, open };
}

/** A hub with one sealed model, and what opens it. */
async function published(plain: Buffer, ...to: readonly string[]): Promise<{ sim: Sim; secret: string; size: number }> {
  const author = await newMachine();
  const { secret, open } = await keysOn(author);
  await writeFile(join(author.root, 'model.safetensors'), plain);
  const done = await sluice(author, 'seal', 'model.safetensors', '--to', open, ...to, '-q');
  expect(done.code, done.stderr).toBe(0);
  const sealed = await readFile(join(author.root, SEALED));
  const sim = await hub({ repositories: [{ id: 'acme/sealed', files: { [SEALED]: sealed } }] });
  return { sim, secret, size: sealed.length };
}

/** Files of a machine that hold the start of the plaintext, or any later 64 KiB of it. */
async function holdingPlain(machine: Machine, plain: Buffer): Promise<string[]> {
  const found: string[] = [];
  const sample = plain.subarray(5 * MIB, 5 * MIB + 65_536);
  for (const root of [machine.home, machine.hfHome])
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || (await stat(path)).size < sample.length) continue;
      if ((await readFile(path)).includes(sample)) found.push(path);
    }
  return found;
}

const landedIn = (said: string): number => said.split('"piece.landed"').length - 1;

describe('a pull with a key that is killed', () => {
  const plain = Buffer.from(wholeContent(seededContent({ seed: 'killed', sizeBytes: 24 * MIB + 77 })));

  it('while the sealed file comes goes on from there, and shows what was sealed', PATIENT, async () => {
    const { sim, secret, size } = await published(plain);
    sim.setNetwork({ totalBytesPerSecond: 12 * MIB });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const pull = ['pull', 'acme/sealed', '--key', secret, '--json'];
    const { child, done } = startSluice(machine, pull);
    let said = '';
    child.stdout?.on('data', (text: string) => (said += text));
    await expect.poll(() => landedIn(said), { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(8);
    child.kill('SIGKILL');
    expect((await done).code).toBe(null);
    expect(await holdingPlain(machine, plain)).toEqual([]);
    const before = sim.sentBytes;
    sim.setNetwork('clean');
    const again = await sluice(machine, ...pull);
    expect(again.code, again.stderr).toBe(0);
    expect(sim.sentBytes - before).toBeLessThan(size - 7 * MIB);
    const ended = eventsOf(again).find(({ type }) => type === 'pull.done');
    expect((await readFile(join(String(ended?.path), 'model.safetensors'))).equals(plain)).toBe(true);
  });

  it('while it is opened leaves no name to what is half opened, and opens it anew', PATIENT, async () => {
    const large = Buffer.alloc(160 * MIB);
    plain.copy(large);
    const { sim, secret } = await published(large);
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    expect((await sluice(machine, 'pull', 'acme/sealed', '-q')).code).toBe(0);
    const namesOf = async (root: string): Promise<string[]> =>
      (await readdir(root, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
    const here = new Set(await namesOf(machine.home));
    const { child, done } = startSluice(machine, ['pull', 'acme/sealed', '--key', secret, '-q']);
    const isOpening = async (): Promise<boolean> => {
      for (const path of await namesOf(machine.home).catch(() => []))
        if (!here.has(path) && (await stat(path).catch(() => undefined))?.size === large.length) return true;
      return false;
    };
    await expect.poll(isOpening, { timeout: 60_000, interval: 5 }).toBe(true);
    child.kill('SIGKILL');
    expect((await done).code).toBe(null);
    expect((await namesOf(machine.hfHome)).filter((path) => path.endsWith('model.safetensors'))).toEqual([]);
    // What a machine that lost its power left of it is not taken for what was sealed.
    expect((await sluice(machine, 'verify')).code).toBe(0);
    const again = await sluice(machine, 'pull', 'acme/sealed', '--key', secret, '--json');
    expect(again.code, again.stderr).toBe(0);
    const ended = eventsOf(again).find(({ type }) => type === 'pull.done');
    expect(ended?.fetchedBytes).toBe(0);
    expect((await readFile(join(String(ended?.path), 'model.safetensors'))).equals(large)).toBe(true);
  });
});

describe('a program that keeps the key', () => {
  const plain = Buffer.from(wholeContent(seededContent({ seed: 'kept', sizeBytes: 6 * MIB })));

  it.each([
    ['fails', 'echo no >&2; exit 7'],
    ['says nothing', 'true'],
    ['never stops talking', 'cat /dev/zero; true'],
    ['gives another key', 'head -c 32 /dev/zero'],
  ])('and %s: nothing is opened, and the pull ends', PATIENT, async (what, command) => {
    const { sim } = await published(plain, '--to', 'cmd:cat');
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const refused = await sluice(machine, 'pull', 'acme/sealed', '--key', `cmd:${command}`);
    expect(refused.code, refused.stderr).toBe(what === 'gives another key' ? 5 : 4);
    expect(await holdingPlain(machine, plain)).toEqual([]);
    const right = await sluice(machine, 'pull', 'acme/sealed', '--key', 'cmd:cat', '--json');
    expect(right.code, right.stderr).toBe(0);
    expect(eventsOf(right).find(({ type }) => type === 'pull.done')?.fetchedBytes).toBe(0);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('and hangs: %s ends it, nothing is opened or changed', PATIENT, async (signal, code) => {
    const author = await newMachine();
    const { secret, open } = await keysOn(author);
    await mkdir(join(author.root, 'began'));
    await writeFile(join(author.root, 'w.bin'), plain);
    expect((await sluice(author, 'seal', 'w.bin', '--to', open, '--to', 'cmd:cat', '-q')).code).toBe(0);
    const sealed = await readFile(join(author.root, 'w.bin.sealed'));
    const hang = (name: string): string => `cmd:mkdir began/${name}; sleep 30; true`;
    for (const [name, ...args] of [
      ['unseal', 'unseal', 'w.bin.sealed', '--out', 'out', '--key', hang('unseal')],
      ['rewrap', 'seal', '--rewrap', 'w.bin.sealed', '--key', secret, '--to', hang('rewrap')],
    ] as const) {
      const { child, done } = startSluice(author, args);
      const isAsked = async (): Promise<boolean> => (await readdir(join(author.root, 'began'))).includes(name);
      await expect.poll(isAsked, { timeout: 60_000 }).toBe(true);
      // What the shell has started holds the pipes of the program, not those of this test.
      const ended = new Promise((resolve) => child.once('exit', (exit) => resolve(exit)));
      child.kill(signal);
      expect([name, await ended]).toEqual([name, code]);
      await done;
      expect((await readdir(join(author.root, 'out')).catch(() => [])).filter((each) => each === 'w.bin')).toEqual([]);
      expect((await readFile(join(author.root, 'w.bin.sealed'))).equals(sealed)).toBe(true);
    }
    expect((await sluice(author, 'unseal', 'w.bin.sealed', '--out', 'out', '--key', secret)).code).toBe(0);
    expect((await readFile(join(author.root, 'out', 'w.bin'))).equals(plain)).toBe(true);
  });
});
