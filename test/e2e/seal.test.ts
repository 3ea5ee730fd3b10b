import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent, wholeContent, type SimFiles } from '../../src/sim/index.js';
import { eventsOf, newMachine, sluice, withEnv, type Machine } from './harness.js';
import { hub } from './hub.js';
import { startServing } from './serving.js';

const MIB = 2 ** 20;
const WEIGHT = 'model.safetensors';

async function keysOn(machine: Machine, name: string): Promise<{ secret: string; open: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const secret = join(machine.root, `${name}.key`);
  const open = join(machine.root, `${name}.pub`);
  await writeFile(secret, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  await writeFile(open, publicKey.export({ format: 'pem', type: 'spki' }));
  return { secret, open };
}

/** A folder with a model on somebody's machine, and what `sluice seal` makes of it. */
async function sealedModel(machine: Machine, open: string): Promise<{ files: SimFiles; weight: Buffer }> {
  const weight = Buffer.from(wholeContent(seededContent({ seed: 'sealed', sizeBytes: 9 * MIB + 77 })));
  const folder = join(machine.root, 'model');
  const out = join(machine.root, 'out');
  await mkdir(join(folder, 'sub'), { recursive: true });
  await writeFile(join(folder, WEIGHT), weight);
  await writeFile(join(folder, 'sub', 'empty.bin'), '');
  const done = await sluice(machine, 'seal', folder, '--to', open, '--out', out, '--bind', 'hf:acme/sealed', '--json');
  expect(done.code, done.stderr).toBe(0);
  expect(eventsOf(done).map(({ type }) => type)).toEqual(['file.sealed', 'file.sealed']);
  const sealed = await readFile(join(out, `${WEIGHT}.sealed`));
  expect(sealed.indexOf(weight.subarray(MIB, MIB + 64))).toBe(-1);
  return {
    weight,
    files: {
      'config.json': '{}\n',
      [`${WEIGHT}.sealed`]: sealed,
      'sub/empty.bin.sealed': await readFile(join(out, 'sub', 'empty.bin.sealed')),
    },
  };
}

async function plainNames(machine: Machine, weight: Buffer): Promise<string[]> {
  const found: string[] = [];
  for (const root of [machine.home, machine.hfHome])
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      if ((await stat(path)).size < weight.length) continue;
      if ((await readFile(path)).includes(weight.subarray(0, 4096))) found.push(path);
    }
  return found;
}

describe('a sealed model', () => {
  it('is pulled as it is, and opened by who has the key, by way of a mirror that has none', async () => {
    const author = await newMachine();
    const mine = await keysOn(author, 'mine');
    const other = await keysOn(author, 'other');
    const { files, weight } = await sealedModel(author, mine.open);
    const sim = await hub({ repositories: [{ id: 'acme/sealed', files }] });
    const mirror = await newMachine({ HF_ENDPOINT: sim.url });
    const { url } = await startServing(mirror);

    const without = await newMachine({ HF_ENDPOINT: url });
    const plain = await sluice(without, 'pull', 'acme/sealed', '--json');
    expect(plain.code, plain.stderr).toBe(0);
    expect(await plainNames(without, weight)).toEqual([]);
    // What is here already is opened without another download.
    const opened = await sluice(without, 'pull', 'acme/sealed', '--key', mine.secret, '--json');
    expect(opened.code, opened.stderr).toBe(0);
    const done = eventsOf(opened).find(({ type }) => type === 'pull.done');
    expect(done?.fetchedBytes).toBe(0);
    expect((await readFile(join(String(done?.path), WEIGHT))).equals(weight)).toBe(true);
    expect((await readFile(join(String(done?.path), 'sub', 'empty.bin'))).length).toBe(0);
    expect((await sluice(without, 'verify')).code).toBe(0);
    // It is kept by the collection, and a warm pull with the key makes nothing anew.
    expect((await sluice(without, 'gc', '--apply')).code).toBe(0);
    expect((await readFile(join(String(done?.path), WEIGHT))).equals(weight)).toBe(true);

    const stranger = await newMachine({ HF_ENDPOINT: url });
    const refused = await sluice(stranger, 'pull', 'acme/sealed', '--key', other.secret);
    expect(refused.code, refused.stderr).toBe(4);
    expect(await plainNames(stranger, weight)).toEqual([]);
    expect(await plainNames(mirror, weight)).toEqual([]);
    // The same store, and now the right key, by its variable.
    const secret = await readFile(mine.secret, 'utf8');
    const right = await sluice(
      withEnv(stranger, { MODEL_KEY: secret }),
      'pull',
      'acme/sealed',
      '--key',
      'env:MODEL_KEY',
    );
    expect(right.code, right.stderr).toBe(0);
    expect(await plainNames(stranger, weight)).not.toEqual([]);
  });

  it('that was changed after it was sealed is refused, and nothing plain of it is left', async () => {
    const author = await newMachine();
    const mine = await keysOn(author, 'mine');
    const { files, weight } = await sealedModel(author, mine.open);
    const changed = Buffer.from(files[`${WEIGHT}.sealed`] as Buffer);
    // In its last chunk: everything before is right.
    const at = changed.length - 100;
    changed[at] = (changed[at] ?? 0) ^ 1;
    const sim = await hub({
      repositories: [{ id: 'acme/sealed', files: { ...files, [`${WEIGHT}.sealed`]: changed } }],
    });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const refused = await sluice(machine, 'pull', 'acme/sealed', '--key', mine.secret);
    expect(refused.code, refused.stderr).toBe(5);
    expect(await plainNames(machine, weight)).toEqual([]);
  });

  it('whose plain twin the repository claims to have is not opened', async () => {
    const author = await newMachine();
    const mine = await keysOn(author, 'mine');
    const { files } = await sealedModel(author, mine.open);
    const sim = await hub({ repositories: [{ id: 'acme/sealed', files: { ...files, [WEIGHT]: 'not it' } }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    expect((await sluice(machine, 'pull', 'acme/sealed', '--key', mine.secret)).code).toBe(8);
  });
});

describe('files', () => {
  it('are sealed, given to others, and opened on the command line', async () => {
    const machine = await newMachine({ WORDS: 'correct horse' });
    const [ann, bob] = [await keysOn(machine, 'ann'), await keysOn(machine, 'bob')];
    const path = join(machine.root, 'w.bin');
    await writeFile(path, 'weights');
    expect((await sluice(machine, 'seal', 'w.bin')).code).toBe(2);
    const sealed = await sluice(
      machine,
      'seal',
      'w.bin',
      '--to',
      ann.open,
      '--passphrase',
      'env:WORDS',
      '--cipher',
      'chacha',
    );
    expect(sealed.code, sealed.stderr).toBe(0);
    const again = await sluice(machine, 'seal', 'w.bin', '--to', ann.open);
    expect(again.code).toBe(8);
    const give = await sluice(
      machine,
      'seal',
      '--rewrap',
      'w.bin.sealed',
      '--key',
      ann.secret,
      '--to',
      bob.open,
      '--json',
    );
    expect(give.code, give.stderr).toBe(0);
    expect((JSON.parse(give.stdout) as { recipients: string[] }).recipients).toHaveLength(3);
    for (const [index, key] of [bob.secret, 'env:WORDS', ann.secret].entries()) {
      const out = join(machine.root, `out-${index}`);
      const opened = await sluice(machine, 'unseal', 'w.bin.sealed', '--key', key, '--out', out);
      expect(opened.code, opened.stderr).toBe(0);
      expect(await readFile(join(out, 'w.bin'), 'utf8')).toBe('weights');
    }
    expect((await sluice(machine, 'unseal', 'w.bin.sealed', '--key', bob.secret)).code).toBe(8);
    const wrong = await keysOn(machine, 'wrong');
    const refused = await sluice(machine, 'unseal', 'w.bin.sealed', '--key', wrong.secret, '--force');
    expect(refused.code).toBe(4);
    expect(await readFile(path, 'utf8')).toBe('weights');
    const bytes = await readFile(`${path}.sealed`);
    await writeFile(`${path}.sealed`, bytes.subarray(0, bytes.length - 1));
    expect((await sluice(machine, 'unseal', 'w.bin.sealed', '--key', ann.secret, '--force')).code).toBe(5);
    expect(await readdir(dirname(path)).then((names) => names.filter((name) => name.includes('tmp')))).toEqual([]);
  });
});
