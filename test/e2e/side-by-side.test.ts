import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { seededContent, type SimFiles } from '../../src/sim/index.js';
import { hub, isRight, MODEL, sha256OfFile } from './hub.js';
import { newMachine, sluice, startSluice, withEnv, type Machine } from './harness.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';
const V2: SimFiles = {
  ...MODEL,
  'config.json': '{"model_type":"tiny","v":2}\n',
  'model-00002-of-00002.safetensors': seededContent({ seed: 'two, again', sizeBytes: 9 * MIB }),
};
const REVISIONS = [{ id: 'acme/tiny', files: MODEL, revisions: [{ name: 'v2', type: 'tag' as const, files: V2 }] }];

async function expectRight(files: SimFiles, folder: string): Promise<void> {
  for (const path of Object.keys(files)) expect(await isRight(files, path, join(folder, path)), path).toBe(true);
}

describe('one store, several at once', () => {
  it('two revisions that share blobs: each blob once, both right', async () => {
    const sim = await hub({ repositories: REVISIONS, network: { totalBytesPerSecond: 24 * MIB } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const both = await Promise.all(['main', 'v2'].map((name) => sluice(machine, 'pull', `acme/tiny@${name}`)));
    expect(
      both.map(({ code }) => code),
      both.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0]);
    await expectRight(MODEL, both[0]!.stdout.trim());
    await expectRight(V2, both[1]!.stdout.trim());
    expect(sim.sentBytes).toBeLessThan((24 + 9 + 9 + 3) * MIB);
    expect((await sluice(machine, 'verify')).code).toBe(0);
  });

  it('rm of one revision leaves every file of the other', async () => {
    const sim = await hub({ repositories: REVISIONS });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const main = await sluice(machine, 'pull', 'acme/tiny');
    const tag = await sluice(machine, 'pull', 'acme/tiny@v2');
    expect([main.code, tag.code]).toEqual([0, 0]);
    const removed = await sluice(machine, 'rm', 'acme/tiny@main');
    expect(removed.code, removed.stderr).toBe(0);
    await expectRight(V2, tag.stdout.trim());
    const collected = await sluice(machine, 'gc', '--apply');
    expect(collected.code, collected.stderr).toBe(0);
    await expectRight(V2, tag.stdout.trim());
    expect((await sluice(machine, 'verify')).code).toBe(0);
    await expect(stat(join(main.stdout.trim(), 'config.json'))).rejects.toThrow('ENOENT');
    const gone = sha256OfFile(MODEL, 'model-00002-of-00002.safetensors');
    await expect(stat(join(machine.home, 'blobs/sha256', gone.slice(0, 2), gone))).rejects.toThrow('ENOENT');
    const refs = join(machine.hfHome, 'hub', 'models--acme--tiny', 'refs');
    expect(await readFile(join(refs, 'v2'), 'utf8')).toBe(sim.commit('acme/tiny', 'v2'));
  });

  it.each([
    ['the first of a model', []],
    ['more of a model that is partly here', ['--include', 'config.json']],
  ])('gc --apply all the time during a pull (%s) breaks nothing', async (_, first) => {
    const sim = await hub({ network: { totalBytesPerSecond: 16 * MIB } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    if (first.length > 0) expect((await sluice(machine, 'pull', 'acme/tiny', ...first)).code).toBe(0);
    const { child, done } = startSluice(machine, ['pull', 'acme/tiny']);
    let collections = 0;
    while (child.exitCode === null) {
      const collected = await sluice(machine, 'gc', '--apply');
      expect(collected.code, collected.stderr).toBe(0);
      collections += 1;
    }
    const pulled = await done;
    expect(pulled.code, pulled.stderr).toBe(0);
    expect(collections).toBeGreaterThan(0);
    await expectRight(MODEL, pulled.stdout.trim());
    expect((await sluice(machine, 'verify')).code).toBe(0);
  });

  it('gc --apply right after rm, while the same model is pulled again, breaks nothing', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    for (let round = 0; round < 2; round += 1) {
      expect((await sluice(machine, 'pull', 'acme/tiny')).code).toBe(0);
      expect((await sluice(machine, 'rm', 'acme/tiny')).code).toBe(0);
      const { done } = startSluice(machine, ['pull', 'acme/tiny']);
      await sleep(100 * round);
      const collected = await sluice(machine, 'gc', '--apply');
      expect(collected.code, collected.stderr).toBe(0);
      const pulled = await done;
      expect(pulled.code, pulled.stderr).toBe(0);
      await expectRight(MODEL, pulled.stdout.trim());
    }
  });
});

describe('two machines', () => {
  it('with stores of their own share nothing but the cache they both show', async () => {
    const sim = await hub();
    const one = await newMachine({ HF_ENDPOINT: sim.url });
    const two: Machine = {
      ...withEnv(one, { SLUICE_HOME: join(one.root, 'store 2') }),
      home: join(one.root, 'store 2'),
    };
    const [first, second] = await Promise.all([sluice(one, 'pull', 'acme/tiny'), sluice(two, 'pull', 'acme/tiny')]);
    expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0]);
    expect(first.stdout).toBe(second.stdout);
    await expectRight(MODEL, first.stdout.trim());
    expect((await sluice(one, 'rm', 'acme/tiny')).code).toBe(0);
    expect((await sluice(one, 'gc', '--apply')).code).toBe(0);
    const blob = sha256OfFile(MODEL, WEIGHT);
    expect(await isRight(MODEL, WEIGHT, join(two.home, 'blobs/sha256', blob.slice(0, 2), blob))).toBe(true);
    const again = await sluice(two, 'pull', 'acme/tiny');
    expect(again.code, again.stderr).toBe(0);
    await expectRight(MODEL, again.stdout.trim());
  });
});
