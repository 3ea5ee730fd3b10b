import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { answering, assembleModule } from '../../src/admission/testing/hand-assembled.js';
import { seededContent } from '../../src/sim/index.js';
import {
  BAD,
  badPickle,
  badWorld,
  FILES,
  GOOD,
  MARK,
  waysTo,
  writePolicy,
  type BadWorld,
  type Step,
} from './bad-model.js';
import { eventsOf, newMachine, sluice, withEnv, type Machine } from './harness.js';
import { hub } from './hub.js';
import { startRegistry } from './registry.js';
import { startServing } from './serving.js';

const PATIENT = { timeout: 120_000 };

async function commitOf({ sim }: BadWorld): Promise<string> {
  const told = (await (await fetch(`${sim.url}/api/models/acme/tiny`)).json()) as { sha: string };
  return told.sha;
}

/** A server may say that it has not decided yet; then it is asked again. */
async function ask(url: string, { path, init }: Step): Promise<{ status: number; body: string }> {
  for (;;) {
    const answer = await fetch(url + path, init);
    const body = Buffer.from(await answer.arrayBuffer()).toString('latin1');
    if (answer.status !== 503) return { status: answer.status, body };
    expect(answer.headers.get('retry-after')).not.toBeNull();
  }
}

/** What a client of Xet is told of a file, and the first xorb where it is told of one. */
async function askXet(url: string, file: string): Promise<readonly number[]> {
  const tree = (await (await fetch(`${url}/api/models/acme/tiny/tree/main`)).json()) as {
    path: string;
    xetHash?: string;
  }[];
  const id = tree.find(({ path }) => path === file)?.xetHash ?? '';
  const token = (await (await fetch(`${url}/api/models/acme/tiny/xet-read-token/main`)).json()) as Record<
    string,
    string
  >;
  const headers = { authorization: `Bearer ${token.accessToken ?? ''}` };
  const base = `${token.casUrl ?? ''}/v2/reconstructions/${id}`;
  const plan = await fetch(base, { headers });
  const part = await fetch(base, { headers: { ...headers, range: 'bytes=1000-2000' } });
  const statuses = [plan.status, part.status];
  if (plan.status !== 200) return statuses;
  const { xorbs } = (await plan.json()) as { xorbs: Record<string, { url: string }[]> };
  const address = Object.values(xorbs)[0]?.[0]?.url ?? '';
  const xorb = await fetch(address, { headers: { range: 'bytes=0-99' } });
  await xorb.arrayBuffer();
  return [...statuses, xorb.status];
}

async function walk(url: string, file: 'good' | 'bad', world: BadWorld): Promise<Record<string, number>> {
  const [bytes, path] = file === 'good' ? [GOOD, 'model.safetensors'] : [BAD, 'pytorch_model.bin'];
  const statuses: Record<string, number> = {};
  for (const step of waysTo(bytes, path, await commitOf(world))) {
    const { status, body } = await ask(url, step);
    statuses[step.name] = status;
    if (status >= 400) expect(body).not.toContain(MARK);
  }
  return statuses;
}

/** What a package manager is told: the page of a package, and the file that it leads to. */
async function askPackages(url: string): Promise<readonly number[]> {
  const page = await ask(url, { name: 'page', path: '/-/py/simple/bad/' });
  const href = /href="([^"#]+)/.exec(page.body)?.[1] ?? '';
  const path = new URL(href, `${url}/-/py/simple/bad/`).href.slice(url.length);
  const range = { range: `bytes=${BAD.length - 1000}-` };
  const steps = [{ method: 'HEAD' }, {}, { headers: range }].map((init) => ({ name: 'package', path, init }));
  const statuses = [page.status];
  for (const step of steps) statuses.push((await ask(url, step)).status);
  return statuses;
}

/** What a server tells of pieces: of the bad content and of the good one, each by digest, and which files of the revision. */
async function askPieces(url: string, world: BadWorld): Promise<readonly unknown[]> {
  const of = (bytes: Buffer): Step => ({
    name: 'pieces',
    path: `/-/api/v1/pieces/${createHash('sha256').update(bytes).digest('hex')}`,
  });
  const blobs = [(await ask(url, of(BAD))).status, (await ask(url, of(GOOD))).status];
  const all = await ask(url, { name: 'pieces', path: `/-/api/v1/pieces/hf/acme/tiny/${await commitOf(world)}` });
  const { payload } = JSON.parse(all.body) as { payload: string };
  const { files } = JSON.parse(Buffer.from(payload, 'base64').toString()) as { files: { paths: string[] }[] };
  return [...blobs, files.flatMap(({ paths }) => paths).filter((path) => path !== 'config.json')];
}

const SEEN = [200, 200, 200, 206, 304, 200, 200, 206, 200, 206, 200, 200, 206, 200, 200, 206];

it(
  'a bad model is seen on no way: cold, warm, revalidated, resumed, by its digest, in parts of Xet, as LFS',
  PATIENT,
  async () => {
    const world = await badWorld();
    const cold = await newMachine(world.env);
    const warm = await newMachine(world.env);
    expect((await sluice(warm, 'pull', 'hf:acme/tiny', '--policy', 'off', '--quiet')).code).toBe(0);
    for (const machine of [cold, warm]) {
      const { url } = await startServing(machine, ...world.args, '--policy', writePolicy(machine));
      const statuses = Object.values(await walk(url, 'bad', world));
      expect(statuses).toEqual(statuses.map(() => 403));
      const site = `/-/plain/pytorch_model.bin`;
      expect((await ask(url, { name: 'site', path: site })).status).toBe(403);
      expect((await ask(url, { name: 'site', path: site, init: { method: 'HEAD' } })).status).toBe(403);
      expect(await askXet(url, 'pytorch_model.bin')).toEqual([403, 403]);
      expect(Object.values(await walk(url, 'good', world))).toEqual(SEEN);
      expect(await askXet(url, 'model.safetensors')).toEqual([200, 200, 206]);
      expect(await askPieces(url, world)).toEqual([404, 200, ['model.safetensors']]);
      const refused = await fetch(`${url}/acme/tiny/resolve/main/pytorch_model.bin`);
      expect(refused.headers.get('x-error-message')).toMatch(/refused by the policy "house"/);
      expect(refused.headers.get('x-error-code')).toBe('Refused');
    }
  },
);

it('without a policy the same ways lead to it', PATIENT, async () => {
  const world = await badWorld();
  const machine = await newMachine(world.env);
  const { url } = await startServing(machine, ...world.args);
  expect(Object.values(await walk(url, 'bad', world))).toEqual(SEEN);
  expect(await askXet(url, 'pytorch_model.bin')).toEqual([200, 200, 206]);
  expect((await ask(url, { name: 'site', path: '/-/plain/pytorch_model.bin' })).status).toBe(200);
  expect(await askPackages(url)).toEqual([200, 200, 200, 206]);
});

it(
  'what a pull was refused is shown on no way by a server over the same store, until it is admitted',
  PATIENT,
  async () => {
    const world = await badWorld();
    const machine = await newMachine(world.env);
    expect((await sluice(machine, 'pull', 'hf:acme/tiny', '--quiet')).code).toBe(6);
    const oid = createHash('sha256').update(BAD).digest('hex');
    const pieces = { name: 'pieces', path: `/-/api/v1/pieces/${oid}` };
    const site = { name: 'site', path: '/-/plain/pytorch_model.bin' };
    const refusedOn = async (url: string): Promise<void> => {
      const statuses = Object.values(await walk(url, 'bad', world));
      expect(statuses).toEqual(statuses.map(() => 403));
      expect(await askXet(url, 'pytorch_model.bin')).toEqual([403, 403]);
      expect(await askPackages(url)).toEqual([200, 403, 403, 403]);
      expect((await ask(url, pieces)).status).toBe(404);
      expect(Object.values(await walk(url, 'good', world))).toEqual(SEEN);
    };
    // Nothing of it counts as had.
    expect((await sluice(machine, 'ls', '--json')).stdout).toBe('');
    expect((await sluice(machine, 'where', 'hf:acme/tiny')).code).toBe(3);
    expect((await sluice(withEnv(machine, { SLUICE_OFFLINE: '1' }), 'pull', 'hf:acme/tiny', '--quiet')).code).toBe(6);
    const planned = JSON.parse((await sluice(machine, 'plan', 'hf:acme/tiny', '--json')).stdout) as object;
    expect(planned).toMatchObject({ refused: [{ path: 'pytorch_model.bin', policy: 'default' }] });

    const serving = await startServing(machine, ...world.args);
    await refusedOn(serving.url);
    // What was seen at that place before is not known by its digest until it has come.
    await ask(serving.url, site);
    await expect.poll(async () => (await ask(serving.url, site)).status).toBe(403);
    // Its bytes go with the next collection, what was decided of them stays, and so they do not come in again.
    expect((await sluice(machine, 'gc', '--apply')).code).toBe(0);
    await refusedOn(serving.url);

    const off = await startServing(machine, ...world.args, '--policy', 'off');
    expect(Object.values(await walk(off.url, 'bad', world))).toEqual(SEEN);
    expect((await sluice(machine, 'pull', 'hf:acme/tiny', '--allow', 'all', '--quiet')).code).toBe(0);
    const resolve = `${serving.url}/acme/tiny/resolve/main/pytorch_model.bin`;
    await expect.poll(async () => (await fetch(resolve, { method: 'HEAD' })).status).toBe(200);
    expect(Object.values(await walk(serving.url, 'bad', world))).toEqual(SEEN);
  },
);

it(
  'what is refused of a revision as a whole is refused to whoever has that policy, a server by the same setting',
  PATIENT,
  async () => {
    const files = { 'config.json': '{"model_type":"tiny"}', 'README.md': '---\nlicense: gpl-3.0\n---\n' };
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const policy = join(machine.root, 'policy.toml');
    writeFileSync(policy, '[licence]\ndeny = ["copyleft"]\n');
    const set = withEnv(machine, { SLUICE_ADMISSION_POLICY: policy });
    const refused = await sluice(set, 'pull', 'hf:acme/tiny', '--quiet');
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining('LICENCE')]);
    const path = '/acme/tiny/resolve/main/config.json';
    for (const [from, status] of [
      [set, 403],
      [machine, 200],
    ] as const)
      expect((await ask((await startServing(from)).url, { name: 'GET', path })).status).toBe(status);
  },
);

it('what was refused is not shown as a manifest of an image either, until it is admitted', PATIENT, async () => {
  const both = Buffer.from(JSON.stringify({ schemaVersion: 2, layers: [] }));
  const sim = await hub({ repositories: [{ id: 'acme/tiny', files: { 'index.json': both } }] });
  const registry = await startRegistry('acme/model', { v1: both }, []);
  const machine = await newMachine({ HF_ENDPOINT: sim.url });
  const policy = join(machine.root, 'policy.toml');
  writeFileSync(policy, '[formats]\ndeny = ["json"]\n');
  const args = ['--registry', `docker.io=${registry.url}`, '--registry', `ollama=${registry.url}`];
  const { url } = await startServing(machine, ...args);
  const references = ['v1', `sha256:${createHash('sha256').update(both).digest('hex')}`];
  const statuses = async (): Promise<readonly number[]> => {
    const told: number[] = [];
    for (const agent of ['containerd/2.0', 'ollama/0.12.0 (amd64 linux) Go/go1.24.1'])
      for (const reference of references)
        for (const method of ['HEAD', 'GET']) {
          const path = `/v2/acme/model/manifests/${reference}`;
          told.push((await ask(url, { name: agent, path, init: { method, headers: { 'user-agent': agent } } })).status);
        }
    return told;
  };
  expect(await statuses()).toEqual(Array.from({ length: 8 }, () => 200));
  expect((await sluice(machine, 'pull', 'hf:acme/tiny', '--policy', policy, '--quiet')).code).toBe(6);
  await expect.poll(statuses, { timeout: 60_000 }).toEqual(Array.from({ length: 8 }, () => 403));
  expect((await sluice(machine, 'pull', 'hf:acme/tiny', '--quiet')).code).toBe(0);
  await expect.poll(statuses, { timeout: 60_000 }).toEqual(Array.from({ length: 8 }, () => 200));
});

/** Whether a view shows anything. */
function isVisible({ hfHome }: Machine): boolean {
  return (
    existsSync(hfHome) &&
    readdirSync(hfHome, { recursive: true, encoding: 'utf8' }).some((path) => path.includes('snapshots'))
  );
}

it('a pull refuses it before anything can be seen, and says so with exit code 6', PATIENT, async () => {
  const world = await badWorld();
  const machine = await newMachine(world.env);
  const policy = writePolicy(machine);
  const refused = await sluice(machine, 'pull', 'hf:acme/tiny', '--policy', policy, '--json');
  expect(refused.code).toBe(6);
  expect(refused.stderr).toMatch(/pytorch_model\.bin is refused by the policy "house"/);
  const decided = eventsOf(refused).find(({ type }) => type === 'admission.decided');
  expect(decided).toMatchObject({ verdict: 'refused', policy: 'house' });
  expect(isVisible(machine)).toBe(false);
  // Without it the rest may be seen, and the second time nothing is read for that.
  for (let round = 0; round < 2; round += 1) {
    const rest = await sluice(machine, 'pull', 'hf:acme/tiny', '--policy', policy, '--exclude', '*.bin', '--quiet');
    expect(rest.code).toBe(0);
  }
  expect(existsSync(join((await sluice(machine, 'where', 'hf:acme/tiny')).stdout.trim(), 'pytorch_model.bin'))).toBe(
    false,
  );
  const allowed = await sluice(machine, 'pull', 'hf:acme/tiny', '--policy', policy, '--allow', 'all', '--quiet');
  expect(allowed.code).toBe(0);
  const seen = readFileSync(join(allowed.stdout.trim(), 'pytorch_model.bin'));
  expect(seen.equals(BAD)).toBe(true);
});

it('a refused pickle is refused before gigabytes move', PATIENT, async () => {
  const weights = seededContent({ seed: 'weights', sizeBytes: 64 * 2 ** 20 });
  const files = { 'model.safetensors': weights, 'optimizer.pt': badPickle(100) };
  const sim = await hub({ repositories: [{ id: 'acme/tiny', files }] });
  const machine = await newMachine({ HF_ENDPOINT: sim.url });
  const policy = writePolicy(machine, '[scan]\nerror = "warn"');
  const refused = await sluice(machine, 'pull', 'hf:acme/tiny', '--policy', policy, '--quiet');
  expect(refused.code).toBe(6);
  expect(refused.stderr).toContain('optimizer.pt');
  const sent = sim.requests.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(sent).toBeLessThan(2 ** 20);
  expect(isVisible(machine)).toBe(false);
});

it('what is inside is told of a folder, of what is held, and of what stays where it is', PATIENT, async () => {
  const world = await badWorld();
  const machine = await newMachine(world.env);
  writeFileSync(join(machine.root, 'bad.pkl'), BAD);
  const sarif = join(machine.root, 'found.sarif');
  const folder = await sluice(machine, 'scan', join(machine.root, 'bad.pkl'), '--json', '--sarif', sarif);
  expect(folder.code).toBe(6);
  const report = JSON.parse(folder.stdout) as { files: { path: string; scan: { verdict: string } }[] };
  expect(report.files).toMatchObject([{ path: 'bad.pkl', scan: { coverage: { sizeBytes: BAD.length } } }]);
  const { version, runs } = JSON.parse(readFileSync(sarif, 'utf8')) as {
    version: string;
    runs: { results: object[] }[];
  };
  expect([version, runs[0]?.results[0]]).toMatchObject([
    '2.1.0',
    { locations: [{ physicalLocation: { artifactLocation: { uri: 'bad.pkl' } } }] },
  ]);
  const remote = await sluice(machine, 'scan', 'hf:acme/tiny', '--json');
  expect(remote.code).toBe(6);
  expect(JSON.parse(remote.stdout)).toMatchObject({ place: 'remote', files: [{}, {}, {}] });
  const summed = await sluice(machine, 'scan', 'hf:acme/tiny', '--checksums');
  expect([summed.code, summed.stderr]).toEqual([2, expect.stringContaining('--checksums') as unknown]);
  expect(existsSync(join(machine.hfHome, 'hub'))).toBe(false);
  const held = withEnv(machine, { SLUICE_OFFLINE: '1' });
  expect((await sluice(machine, 'pull', 'hf:acme/tiny', '--policy', 'off', '--quiet')).code).toBe(0);
  expect(JSON.parse((await sluice(held, 'scan', 'hf:acme/tiny', '--json')).stdout)).toMatchObject({ place: 'store' });
});

it('what is held is judged again by new rules, without its bytes', PATIENT, async () => {
  const world = await badWorld();
  const machine = await newMachine(world.env);
  const lenient = join(machine.root, 'lenient.toml');
  writeFileSync(
    lenient,
    'name = "lenient"\n[scan]\nrefuse = "never"\nreview = "admit"\nnot-scanned = "admit"\nerror = "admit"\n',
  );
  expect((await sluice(machine, 'pull', 'hf:acme/tiny', '--policy', lenient, '--quiet')).code).toBe(0);
  const lax = await sluice(machine, 'admit', '--again', '--policy', lenient, '--json');
  const judged = JSON.parse(lax.stdout) as { target: string; files: number };
  expect([lax.code, judged.files]).toEqual([0, 3]);
  expect(judged.target).toMatch(/^hf:acme\/tiny@[0-9a-f]{40}$/);
  const strict = await sluice(machine, 'admit', '--again', '--policy', writePolicy(machine));
  expect(strict.code).toBe(6);
  expect(strict.stdout).toContain('pytorch_model.bin');
  const asked = await sluice(withEnv(machine, { SLUICE_OFFLINE: '1' }), 'admit', 'hf:acme/tiny', '--policy', lenient);
  expect([asked.code, asked.stdout]).toEqual([0, expect.stringContaining('admitted')]);
});

it('a policy that is not understood lets nothing begin', async () => {
  const machine = await newMachine();
  const path = join(machine.root, 'policy.toml');
  writeFileSync(path, '[scan]\nrefused = "high"\n');
  const { code, stderr } = await sluice(machine, 'pull', 'hf:acme/tiny', '--policy', path);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/scan\.refused.*did you mean refuse/s)]);
});

it('files that a policy does not look at are those that it was told to pass over', PATIENT, async () => {
  const world = await badWorld();
  const machine = await newMachine(world.env);
  const { url } = await startServing(machine, ...world.args, '--policy', writePolicy(machine, 'refs = ["hf:other/*"]'));
  const answer = await fetch(`${url}/acme/tiny/resolve/main/pytorch_model.bin`);
  expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, BAD.length]);
  expect(Object.keys(FILES)).toContain('pytorch_model.bin');
});

it('without a word a program is refused, and let pass by its rule', PATIENT, async () => {
  const program = Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(4000)]);
  const files = { 'config.json': '{"model_type":"tiny"}', 'helper.so': program };
  const sim = await hub({ repositories: [{ id: 'acme/tiny', files }] });
  const machine = await newMachine({ HF_ENDPOINT: sim.url });
  const refused = await sluice(machine, 'pull', 'hf:acme/tiny', '--json');
  expect(refused.code).toBe(6);
  expect(isVisible(machine)).toBe(false);
  const decided = eventsOf(refused).find(({ type }) => type === 'admission.decided') as unknown as Decided;
  const rules = decided.reasons.filter(({ verdict }) => verdict === 'refuse').map(({ rule }) => rule);
  expect(decided.policy).toBe('default');
  const allow = [...new Set(rules)].flatMap((rule) => ['--allow', rule]);
  const allowed = await sluice(machine, 'pull', 'hf:acme/tiny', ...allow);
  expect([allowed.code, allowed.stderr]).toEqual([0, expect.stringContaining('helper.so')]);
  expect(isVisible(machine)).toBe(true);
});

interface Decided {
  readonly policy: string;
  readonly reasons: readonly { readonly rule: string; readonly verdict: string }[];
}

it('a module of the user’s has its say in the program too', PATIENT, async () => {
  const machine = await newMachine();
  const file = join(machine.root, 'notes.txt');
  writeFileSync(file, 'a text\n');
  for (const [verdict, code] of [
    ['pass', 0],
    ['fail', 6],
  ] as const) {
    const module = assembleModule(answering(`{"verdict":"${verdict}","reasons":["because it says so"]}`));
    writeFileSync(join(machine.root, 'own.wasm'), module);
    const sha256 = createHash('sha256').update(module).digest('hex');
    const policy = join(machine.root, 'policy.toml');
    writeFileSync(policy, `[[hook]]\nmodule = "own.wasm"\nsha256 = "${sha256}"\n`);
    const admitted = await sluice(machine, 'admit', file, '--policy', policy);
    expect([admitted.code, admitted.stdout]).toEqual([code, expect.stringContaining('because it says so')]);
  }
});

it('without a word a pickle that calls a command is refused, and nothing of it is left to see', PATIENT, async () => {
  const world = await badWorld();
  const machine = await newMachine(world.env);
  const refused = await sluice(machine, 'pull', 'hf:acme/tiny', '--quiet');
  expect([refused.code, refused.stderr]).toEqual([
    6,
    expect.stringMatching(/pytorch_model\.bin is refused by the policy "default"/),
  ]);
  expect(isVisible(machine)).toBe(false);
  const told = await sluice(machine, 'scan', 'hf:acme/tiny', '--include', '*.bin');
  expect([told.code, told.stdout]).toEqual([6, expect.stringMatching(/posix.*system/s)]);
  expect((await sluice(machine, 'pull', 'hf:acme/tiny', '--quiet', '--include', '*.safetensors')).code).toBe(0);
});
