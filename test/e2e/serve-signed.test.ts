import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newMachine, sluice, withEnv, type Machine } from './harness.js';
import { hub } from './hub.js';
import { digestOf, startRegistry } from './registry.js';
import { startServing } from './serving.js';

const PATIENT = { timeout: 120_000 };
const WEIGHT = Buffer.alloc(300_000, 7);
const FILES: Readonly<Record<string, string | Buffer>> = {
  'config.json': '{"model_type":"tiny"}',
  'deep/notes.txt': 'a model',
  'model.bin': WEIGHT,
};

const TRUST = `version = 1
[[rule]]
name = "ours"
scopes = ["hf:acme/*"]
unverified-files = "warn"
[[rule.accept]]
method = "oms-key"
keys = ["store/keys/ours.pub"]
[[rule.accept]]
method = "detached"
keys = ["store/keys/ours.pub"]
`;

const POLICY = `name = "signed"
[scan]
refuse = "high"
below = "admit"
review = "admit"
not-scanned = "admit"
error = "admit"
[signature]
required = true
policy = "trust.toml"
`;

async function makeFolder(folder: string, files: typeof FILES): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

async function signing(): Promise<{ machine: Machine; sign: (...args: readonly string[]) => Promise<string> }> {
  const machine = await newMachine();
  for (const key of ['ours', 'strange']) expect((await sluice(machine, 'keys', 'make', key)).code).toBe(0);
  await writeFile(join(machine.root, 'trust.toml'), TRUST);
  await writeFile(join(machine.root, 'policy.toml'), POLICY);
  let made = 0;
  const sign = async (...args: readonly string[]): Promise<string> => {
    const model = join(machine.root, `model-${(made += 1)}`);
    await makeFolder(model, FILES);
    const { code, stderr } = await sluice(machine, 'sign', model, ...args);
    expect(code, stderr).toBe(0);
    return readFileSync(join(model, 'model.sig'), 'utf8');
  };
  return { machine, sign };
}

/** What a server with the policy answers for each file of these repositories. */
async function answersOf(
  machine: Machine,
  repositories: Readonly<Record<string, typeof FILES>>,
): Promise<(id: string) => Promise<Readonly<Record<string, number>>>> {
  const entries = Object.entries(repositories);
  const sim = await hub({
    repositories: entries.map(([id, files]) => ({
      id,
      files: { ...files },
      lfs: (path: string) => path === 'model.bin',
    })),
  });
  const { url } = await startServing(
    withEnv(machine, { HF_ENDPOINT: sim.url }),
    ...['--policy', join(machine.root, 'policy.toml')],
  );
  return async (id) => {
    const statuses: Record<string, number> = {};
    for (const name of Object.keys(repositories[id] ?? {})) {
      const answer = await fetch(`${url}/${id}/resolve/main/${name}`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (answer.ok) expect(bytes.equals(Buffer.from(repositories[id]?.[name] ?? ''))).toBe(true);
      statuses[name] = answer.status;
    }
    return statuses;
  };
}

describe('a server with a policy that wants models signed', () => {
  it('gives out what is signed as it was signed, file by file, cold and warm', PATIENT, async () => {
    const { machine, sign } = await signing();
    const signature = await sign('--key', 'ours');
    const signed = { ...FILES, 'model.sig': signature };
    const answers = await answersOf(machine, {
      'acme/good': signed,
      'acme/none': FILES,
      'acme/changed': { ...signed, 'config.json': '{"model_type":"evil"}' },
      'acme/swapped': { ...signed, 'model.bin': Buffer.alloc(300_000, 8) },
      'acme/added': { ...signed, 'run.py': 'import os' },
      'acme/strange': { ...FILES, 'model.sig': await sign('--key', 'strange') },
      'other/good': signed,
    });
    const all = (files: object, status: number): object =>
      Object.fromEntries(Object.keys(files).map((name) => [name, status]));
    for (let round = 0; round < 2; round += 1) {
      expect(await answers('acme/good')).toEqual(all(signed, 200));
      expect(await answers('acme/none')).toEqual(all(FILES, 403));
      expect(await answers('acme/changed')).toEqual({ ...all(signed, 200), 'config.json': 403 });
      expect(await answers('acme/swapped')).toEqual({ ...all(signed, 200), 'model.bin': 403 });
      expect(await answers('acme/added')).toEqual({ ...all(signed, 200), 'run.py': 403 });
      expect(await answers('acme/strange')).toEqual(all(signed, 403));
      expect(await answers('other/good')).toEqual(all(signed, 403));
    }
  });
});

describe('whose signatures count', () => {
  it(
    'is what the files of the trust policy say now: a key that was taken back opens nothing any more',
    PATIENT,
    async () => {
      const { machine, sign } = await signing();
      const signature = await sign('--key', 'ours');
      const answers = await answersOf(machine, { 'acme/good': { ...FILES, 'model.sig': signature } });
      const [ours, strange] = ['ours', 'strange'].map((key) => join(machine.root, 'store/keys', `${key}.pub`));
      const key = readFileSync(ours ?? '');
      const statuses = async (): Promise<readonly number[]> => [...new Set(Object.values(await answers('acme/good')))];
      expect(await statuses()).toEqual([200]);
      for (const [bytes, status] of [
        [readFileSync(strange ?? ''), 403],
        [key, 200],
      ] as const) {
        // Neither the policy nor the trust policy changes.
        await rm(ours ?? '');
        await writeFile(ours ?? '', bytes);
        await expect.poll(statuses, { timeout: 60_000, interval: 200 }).toEqual([status]);
      }
    },
  );
});

describe('layers of images and plain files', () => {
  it(
    'have no signature that a server looks at: a policy that wants one refuses them in words, cold and warm',
    PATIENT,
    async () => {
      const { machine } = await signing();
      const sim = await hub({ folders: { tools: { 'model.bin': WEIGHT } } });
      const registry = await startRegistry('acme/model', {}, [WEIGHT]);
      const args = ['--registry', `docker.io=${registry.url}`, '--registry', `ollama=${registry.url}`, '--site', `any=files:${sim.url}/files/tools`]; // prettier-ignore
      const paths = [`/v2/acme/model/blobs/${digestOf(WEIGHT)}`, '/-/any/model.bin'];
      const policy = ['--policy', join(machine.root, 'policy.toml')];
      const refused = async (): Promise<void> => {
        const { url, child } = await startServing(machine, ...args, ...policy);
        for (const path of paths)
          for (const headers of [{}, { range: 'bytes=0-9' }, { 'user-agent': 'ollama/0.12.0 (amd64 linux)' }]) {
            const answer = await fetch(url + path, { headers });
            const text = await answer.text();
            expect([path, answer.status, /sign/i.test(text)]).toEqual([path, 403, true]);
            expect((await fetch(url + path, { method: 'HEAD', headers })).status).toBe(403);
          }
        const over = once(child, 'exit');
        child.kill('SIGTERM');
        await over;
      };
      await refused();
      const open = await startServing(machine, ...args);
      for (const path of paths) expect((await fetch(open.url + path)).status).toBe(200);
      open.child.kill('SIGTERM');
      await once(open.child, 'exit');
      await refused();
    },
  );
});

describe('what is held', () => {
  it('is judged again by the signatures that were kept with it', PATIENT, async () => {
    const { machine, sign } = await signing();
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files: { ...FILES, 'model.sig': await sign('--key', 'ours') } }] }); // prettier-ignore
    const at = withEnv(machine, { HF_ENDPOINT: sim.url });
    const policy = ['--policy', join(machine.root, 'policy.toml')];
    const part = ['--include', 'config.json', 'model.sig'];
    expect((await sluice(at, 'pull', 'hf:acme/tiny', ...policy, ...part)).code).toBe(0);
    const again = async (): Promise<number | null> => (await sluice(at, 'admit', '--again', ...policy)).code;
    expect(await again()).toBe(0);
    await writeFile(join(machine.root, 'trust.toml'), TRUST.replaceAll('ours.pub', 'strange.pub'));
    expect(await again()).toBe(6);
  });
});
