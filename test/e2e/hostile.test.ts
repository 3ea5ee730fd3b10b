import { mkdir, readdir, symlink, writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSim } from '../../src/sim/index.js';
import { hub, MODEL } from './hub.js';
import { newMachine, sluice } from './harness.js';

type Entry = Record<string, unknown>;

/** Makes one more entry of the listing, or changes one. */
function withEntry(change: (entries: Entry[]) => Entry[]) {
  return {
    on: { kind: 'tree' as const },
    fault: { type: 'edit-json' as const, edit: (value: unknown) => change(value as Entry[]) },
  };
}

const evil = (path: unknown, size: unknown = 4): Entry => ({ type: 'file', oid: 'a'.repeat(40), size, path });

describe('hostile listings', () => {
  it.each([
    ['a path that climbs', withEntry((all) => [...all, evil('../../x')])],
    ['a path that climbs in the middle', withEntry((all) => [...all, evil('a/../../x')])],
    ['an absolute path', withEntry((all) => [...all, evil('/tmp/x')])],
    ['a backslash', withEntry((all) => [...all, evil('..\\x')])],
    ['a NUL', withEntry((all) => [...all, evil('a\0b')])],
    ['names that differ only in case', withEntry((all) => [...all, evil('CONFIG.json')])],
    ['the same name twice', withEntry((all) => [...all, evil('config.json')])],
    ['a file where a folder is', withEntry((all) => [...all, evil('tokenizer')])],
    ['10^15 bytes', withEntry((all) => [...all, evil('x', 1e15)])],
    ['a negative size', withEntry((all) => [...all, evil('x', -1)])],
    ['a size with a fraction', withEntry((all) => [...all, evil('x', 1.5)])],
    ['a size in words', withEntry((all) => [...all, evil('x', '4')])],
    ['no name', withEntry((all) => [...all, evil(undefined)])],
    ['not a list', withEntry(() => ({ a: 1 }) as never)],
    ['an id that is not one', withEntry((all) => all.map((entry) => ({ ...entry, oid: '../x' })))],
  ])('%s: refused, nothing written', async (_, fault) => {
    const sim = await hub({ faults: [fault] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_NO_PROGRESS: '2s' });
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(5);
    expect(await readdir(machine.root)).not.toContain('x');
    expect(await readdir(join(machine.hfHome, 'hub')).catch(() => [])).toEqual([]);
  });
});

describe('what stands in the way', () => {
  it('a symlink out of the target folder is not followed', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const outside = join(machine.root, 'outside');
    await mkdir(outside);
    await mkdir(join(machine.root, 'model'));
    await symlink(outside, join(machine.root, 'model', 'tokenizer'));
    const done = await sluice(machine, 'pull', 'acme/tiny', '--to', 'model');
    expect(done.code, done.stderr).toBe(8);
    expect(await readdir(outside)).toEqual([]);
  });

  it('a symlinked cache repository is not written through', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const outside = join(machine.root, 'outside');
    await mkdir(join(machine.hfHome, 'hub', 'models--acme--tiny'), { recursive: true });
    await mkdir(outside);
    await symlink(outside, join(machine.hfHome, 'hub', 'models--acme--tiny', 'snapshots'));
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(8);
    expect(await readdir(outside)).toEqual([]);
  });

  it('a file of the user with other content is not overwritten in silence', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    await mkdir(join(machine.root, 'model'));
    await writeFile(join(machine.root, 'model', 'config.json'), 'my own notes');
    const done = await sluice(machine, 'pull', 'acme/tiny', '--to', 'model');
    const text = await readFile(join(machine.root, 'model', 'config.json'), 'utf8');
    expect([done.code === 0, text === 'my own notes']).toContainEqual(false);
  });
});

describe('credentials', () => {
  it('stay with the endpoint that the user gave them for', async () => {
    const token = 'hf_abcdefghijklmnopqrstuvwxyz01234567';
    const trap = await startSim({ repositories: [{ id: 'acme/tiny', files: MODEL }], users: { [token]: 'ann' } });
    const sim = await hub({
      users: { [token]: 'ann' },
      faults: [
        {
          on: { kind: 'info', times: 1 },
          fault: { type: 'redirect', to: `${trap.url}/api/models/acme/tiny/revision/main` },
        },
      ],
    });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, HF_TOKEN: token });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--source', trap.url, '--json');
    await trap.stop();
    expect(done.code, done.stderr).toBe(0);
    expect(sim.leaks).toEqual([]);
    expect(trap.requests.length).toBeGreaterThan(0);
    expect(
      trap.requests.filter(({ headers }) => headers.authorization !== undefined || headers.cookie !== undefined),
    ).toEqual([]);
    expect(done.stdout + done.stderr).not.toContain(token);
  });
});
