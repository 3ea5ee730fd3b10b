import { readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentRequests, hub, isRight, MODEL, sha256OfFile } from './hub.js';
import { eventsOf, newMachine, sluice } from './harness.js';

const WEIGHT = 'model-00001-of-00002.safetensors';

describe('sluice pull', () => {
  it('lands a repository in the Hugging Face cache, proven, as loaders expect it', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'hf:acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    const commit = sim.commit('acme/tiny');
    const repository = join(machine.hfHome, 'hub', 'models--acme--tiny');
    const snapshot = join(repository, 'snapshots', commit);
    expect(done.stdout.trim()).toBe(snapshot);
    for (const path of Object.keys(MODEL)) expect(await isRight(MODEL, path, join(snapshot, path)), path).toBe(true);
    expect(await readFile(join(repository, 'refs', 'main'), 'utf8')).toBe(commit);
    expect(await readlink(join(snapshot, WEIGHT))).toBe(`../../blobs/${sha256OfFile(MODEL, WEIGHT)}`);
    const blob = await stat(join(repository, 'blobs', sha256OfFile(MODEL, WEIGHT)));
    expect(blob.nlink).toBe(2);
    expect(sim.leaks).toEqual([]);
  });

  it('asks once when everything is here, and never when offline', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    expect((await sluice(machine, 'pull', 'acme/tiny')).code).toBe(0);
    sim.forget();
    expect((await sluice(machine, 'pull', 'acme/tiny')).code).toBe(0);
    expect(sim.requests.map(({ kind }) => kind)).toEqual(['info']);
    sim.forget();
    const offline = await sluice(machine, 'pull', 'acme/tiny', '--offline');
    expect(offline.code, offline.stderr).toBe(0);
    const variable = await sluice({ ...machine, env: { ...machine.env, HF_HUB_OFFLINE: '1' } }, 'pull', 'acme/tiny');
    expect(variable.code, variable.stderr).toBe(0);
    expect(sim.requests).toEqual([]);
  });

  it('falls back to what a branch meant last time when no endpoint can be reached', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_NO_PROGRESS: '2s' });
    expect((await sluice(machine, 'pull', 'acme/tiny')).code).toBe(0);
    await sim.die();
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
  });

  it('fetches only what the filters leave, with the meaning of hf download', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--json', '--include', '*.json', '--include', 'tokenizer/');
    expect(done.code, done.stderr).toBe(0);
    const landed = eventsOf(done)
      .filter(({ type }) => type === 'file.proven')
      .map(({ file }) => file);
    expect(landed.sort()).toEqual(['config.json', 'folder with space/名前 [1] #2.json', 'tokenizer/vocab.txt']);
  });

  it('takes datasets, spaces, tags, commits and pull requests', async () => {
    const files = { 'data.csv': 'a,b\n1,2\n' };
    const sim = await hub({
      repositories: [
        { id: 'acme/data', kind: 'dataset', files },
        { id: 'acme/app', kind: 'space', files },
        {
          id: 'acme/tiny',
          files: MODEL,
          revisions: [
            { name: 'v1', type: 'tag', files: { 'config.json': '{"v":1}' } },
            { name: 'refs/pr/3', type: 'ref', files: { 'config.json': '{"pr":3}' } },
          ],
        },
      ],
    });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const commit = sim.commit('acme/tiny', 'v1');
    for (const [ref, path, text] of [
      ['hf:datasets/acme/data', 'data.csv', 'a,b\n1,2\n'],
      ['hf:spaces/acme/app', 'data.csv', 'a,b\n1,2\n'],
      ['hf:acme/tiny@v1', 'config.json', '{"v":1}'],
      ['hf:acme/tiny@refs/pr/3', 'config.json', '{"pr":3}'],
      [`hf:acme/tiny@${commit}`, 'config.json', '{"v":1}'],
    ] as const) {
      const done = await sluice(machine, 'pull', ref);
      expect(done.code, `${ref}\n${done.stderr}`).toBe(0);
      expect(await readFile(join(done.stdout.trim(), path), 'utf8'), ref).toBe(text);
    }
  });

  it('lands ModelScope models in both generations of its cache', async () => {
    const sim = await hub();
    const machine = await newMachine({ MODELSCOPE_ENDPOINT: sim.url });
    const now = await sluice(machine, 'pull', 'ms:acme/tiny');
    expect(now.code, now.stderr).toBe(0);
    expect(now.stdout.trim()).toBe(join(machine.msCache, 'models', 'acme--tiny', 'snapshots', 'master'));
    for (const path of Object.keys(MODEL))
      expect(await isRight(MODEL, path, join(now.stdout.trim(), path)), path).toBe(true);
    sim.forget();
    const legacy = await sluice(machine, 'pull', 'ms:acme/tiny', '--view', 'modelscope-legacy');
    expect(legacy.code, legacy.stderr).toBe(0);
    expect(await readFile(join(legacy.stdout.trim(), '.msc'))).toBeInstanceOf(Buffer);
    expect(contentRequests(sim)).toBe(0);
    expect(sim.requests.length).toBe(1);
  });

  it('fetches the same weights once, whichever hub asks for them', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url, MODELSCOPE_ENDPOINT: sim.url });
    expect((await sluice(machine, 'pull', 'hf:acme/tiny')).code).toBe(0);
    sim.forget();
    const done = await sluice(machine, 'pull', 'ms:acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(contentRequests(sim)).toBe(0);
  });

  it('lands a flat folder that hf download --local-dir would know', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--to', 'model');
    expect(done.code, done.stderr).toBe(0);
    const folder = join(machine.root, 'model');
    for (const path of Object.keys(MODEL)) expect(await isRight(MODEL, path, join(folder, path)), path).toBe(true);
    const metadata = await readFile(join(folder, '.cache/huggingface/download', `${WEIGHT}.metadata`), 'utf8');
    expect(metadata.split('\n').slice(0, 2)).toEqual([sim.commit('acme/tiny'), sha256OfFile(MODEL, WEIGHT)]);
  });

  it('takes single files and checksum lists over plain HTTP', async () => {
    const sim = await hub({ folders: { pub: MODEL } });
    const machine = await newMachine();
    const one = await sluice(machine, 'pull', `${sim.url}/files/pub/${WEIGHT}`, '--to', 'one');
    expect(one.code, one.stderr).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(machine.root, 'one', WEIGHT))).toBe(true);
    const list = await sluice(machine, 'pull', `${sim.url}/files/pub/SHA256SUMS`, '--to', 'all');
    expect(list.code, list.stderr).toBe(0);
    for (const path of Object.keys(MODEL))
      expect(await isRight(MODEL, path, join(machine.root, 'all', path)), path).toBe(true);
  });

  it('pulls many refs, goes on after one that fails, and is not 0 then', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/missing', 'acme/tiny', '--json');
    expect(done.code).toBe(3);
    expect(eventsOf(done).map(({ type }) => type)).toContain('pull.done');
  });

  it('says what it would do without doing it', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'plan', 'acme/tiny', '--json');
    expect(done.code, done.stderr).toBe(0);
    const plan = JSON.parse(done.stdout) as Record<string, number>;
    const total = Object.keys(MODEL).length;
    expect(plan).toMatchObject({ files: total, haveBytes: 0 });
    expect(plan.fetchBytes).toBe(plan.totalBytes);
    expect(contentRequests(sim)).toBe(0);
  });

  it('brings 2,000 small files with at most five requests more than files', { timeout: 120_000 }, async () => {
    const files = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [
        `part/${index % 40}/${index}.json`,
        `{"n":${index},"x":"${'y'.repeat(100 + index)}"}`,
      ]),
    );
    const sim = await hub({ repositories: [{ id: 'acme/many', files }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/many');
    expect(done.code, done.stderr).toBe(0);
    expect(sim.requests.length).toBeLessThanOrEqual(2005);
    sim.forget();
    expect((await sluice(machine, 'pull', 'acme/many')).code).toBe(0);
    expect(sim.requests.length).toBe(1);
  });

  it('asks a hub that redirects small files where it redirects to, once that is known', async () => {
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${index}.json`, `{"n":${index}}`]));
    const sim = await hub({ repositories: [{ id: 'acme/many', files }], habits: { resolveCache: true } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/many', '--connections', '4');
    expect(done.code, done.stderr).toBe(0);
    expect(sim.requests.length).toBeLessThanOrEqual(200 + 4 + 2);
  });
});
