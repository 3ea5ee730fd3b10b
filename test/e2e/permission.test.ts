import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentRequests, hub, isRight } from './hub.js';
import { newMachine, sluiceWith, withEnv, type Machine } from './harness.js';

const FILES = { 'config.json': '{}', 'w.safetensors': 'weights' };
const repositories = [{ id: 'acme/tiny', files: FILES }];
/** Root may write everywhere, so there the program runs as `nobody`. */
const uid = process.getuid?.() === 0 ? 65_534 : undefined;
const asUser = uid === undefined ? {} : { uid };

async function ownMachine(env: Readonly<Record<string, string>>): Promise<Machine> {
  const machine = await newMachine(env);
  if (uid !== undefined) await chown(machine.root, uid, uid);
  return machine;
}

/** A folder that the program's user may read, not write. */
async function readOnly(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o555);
  return path;
}

describe.skipIf(process.platform === 'win32')('a user who may not write', () => {
  it.each([
    ['the store', (root: string) => ({ SLUICE_HOME: join(root, 'locked') }), [], 'SLUICE_HOME'],
    [
      'a folder above the store',
      (root: string) => ({ SLUICE_HOME: join(root, 'locked', 'a', 'b') }),
      [],
      'SLUICE_HOME',
    ],
    ['a folder above the cache', (root: string) => ({ HF_HUB_CACHE: join(root, 'locked', 'hub') }), [], 'HF_HOME'],
    ['the target folder', () => ({}), ['--to', 'locked'], '--to'],
  ] as const)('%s: 8, the path and the remedy', async (_, env, args, remedy) => {
    const sim = await hub({ repositories });
    const made = await ownMachine({ HF_ENDPOINT: sim.url });
    const machine = withEnv(made, env(made.root));
    const locked = await readOnly(join(machine.root, 'locked'));
    const done = await sluiceWith(machine, asUser, 'pull', 'acme/tiny', ...args);
    expect(done.code, done.stderr).toBe(8);
    expect(done.stderr).toContain(locked);
    expect(done.stderr).toContain(remedy);
    expect(done.stderr).toContain('NO_PERMISSION');
    expect(done.stderr).not.toMatch(/\n\s+at /);
    expect(await readdir(locked)).toEqual([]);
    // Not after everything was fetched.
    expect(contentRequests(sim)).toBe(0);
    await chmod(locked, 0o777);
    const again = await sluiceWith(machine, asUser, 'pull', 'acme/tiny', ...args);
    expect(again.code, again.stderr).toBe(0);
    expect(await isRight(FILES, 'w.safetensors', join(again.stdout.trim(), 'w.safetensors'))).toBe(true);
  });

  it('the cache itself: 8, and what was fetched is kept for another place', async () => {
    const sim = await hub({ repositories });
    const machine = await ownMachine({ HF_ENDPOINT: sim.url });
    const locked = await readOnly(join(machine.root, 'locked'));
    const done = await sluiceWith(withEnv(machine, { HF_HUB_CACHE: locked }), asUser, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(8);
    expect(done.stderr).toContain(locked);
    expect(done.stderr).toContain('HF_HOME');
    const before = sim.requests.length;
    const elsewhere = await sluiceWith(machine, asUser, 'pull', 'acme/tiny', '--to', 'mine');
    expect(elsewhere.code, elsewhere.stderr).toBe(0);
    expect(sim.requests.length - before).toBe(1);
  });

  it('the blobs of the store, met by many small files at once: 8, nothing left over, and right once it may', async () => {
    const files = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`${index}.json`, `{"n":${index}}`]));
    const sim = await hub({ repositories: [{ id: 'acme/many', files }] });
    const machine = await ownMachine({ HF_ENDPOINT: sim.url });
    const first = await sluiceWith(machine, asUser, 'pull', 'acme/many', '--include', '0.json');
    expect(first.code, first.stderr).toBe(0);
    const blobs = join(machine.home, 'blobs', 'sha256');
    const [known = ''] = await readdir(blobs);
    await chmod(blobs, 0o555);
    const done = await sluiceWith(machine, asUser, 'pull', 'acme/many');
    expect(done.code, done.stderr).toBe(8);
    expect(done.stderr).toContain(blobs);
    expect(await readdir(blobs)).toEqual([known]);
    expect(await readdir(join(machine.home, 'tmp'))).toEqual([]);
    await chmod(blobs, 0o755);
    const again = await sluiceWith(machine, asUser, 'pull', 'acme/many');
    expect(again.code, again.stderr).toBe(0);
    expect(await isRight(files, '149.json', join(again.stdout.trim(), '149.json'))).toBe(true);
  });

  it('files of somebody else in the cache are used, not rewritten', async () => {
    const sim = await hub({ repositories });
    const machine = await ownMachine({ HF_ENDPOINT: sim.url });
    const first = await sluiceWith(machine, asUser, 'pull', 'acme/tiny');
    expect(first.code, first.stderr).toBe(0);
    const cache = join(machine.hfHome, 'hub');
    await chmod(cache, 0o555);
    const again = await sluiceWith(machine, asUser, 'pull', 'acme/tiny');
    expect(again.code, again.stderr).toBe(0);
    await chmod(cache, 0o755);
  });
});

describe.skipIf(process.platform === 'win32')('a home folder', () => {
  it('that is read-only does not matter when store and cache are elsewhere', async () => {
    const sim = await hub({ repositories });
    const machine = await ownMachine({ HF_ENDPOINT: sim.url });
    const home = await readOnly(join(machine.root, 'home'));
    const done = await sluiceWith(withEnv(machine, { HOME: home }), asUser, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(FILES, 'w.safetensors', join(done.stdout.trim(), 'w.safetensors'))).toBe(true);
    expect(await readdir(home)).toEqual([]);
  });

  it.each([['/nonexistent/home'], [''], [undefined]])('that is %j does not matter either', async (HOME) => {
    const sim = await hub({ repositories });
    const machine = await ownMachine({ HF_ENDPOINT: sim.url });
    const done = await sluiceWith(withEnv(machine, { HOME }), asUser, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
  });

  it('that cannot be written and is needed: 8, the path and the remedy', async () => {
    const sim = await hub({ repositories });
    const machine = await ownMachine({ HF_ENDPOINT: sim.url });
    const home = await readOnly(join(machine.root, 'home'));
    const env = { HOME: home, SLUICE_HOME: undefined, HF_HOME: undefined, MODELSCOPE_CACHE: undefined };
    const done = await sluiceWith(withEnv(machine, env), asUser, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(8);
    expect(done.stderr).toContain(home);
    expect(done.stderr).toContain('SLUICE_HOME');
  });

  it('whose settings may not be read: the file is named', async () => {
    const machine = await ownMachine({});
    await mkdir(join(machine.root, '.config', 'sluice'), { recursive: true });
    const file = join(machine.root, '.config', 'sluice', 'sluice.toml');
    await writeFile(file, '');
    await chmod(file, 0o000);
    const done = await sluiceWith(machine, asUser, 'config');
    expect(done.code, done.stderr).toBe(8);
    expect(done.stderr).toContain(file);
  });
});
