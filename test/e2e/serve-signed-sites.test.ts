import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newMachine, sluice, type Machine } from './harness.js';
import { hub } from './hub.js';
import { startServing, type Serving } from './serving.js';

const PATIENT = { timeout: 120_000 };
const WEIGHT = Buffer.alloc(300_000, 7);

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

const trust = (scope: string): string => `version = 1
[[rule]]
name = "ours"
scopes = ["${scope}"]
[[rule.accept]]
method = "oms-key"
keys = ["store/keys/ours.pub"]
[[rule.accept]]
method = "detached"
keys = ["store/keys/ours.pub"]
`;

type Files = Record<string, string | Buffer>;

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function signer(): Promise<{
  machine: Machine;
  /** A detached signature of these bytes. */
  detached: (bytes: string | Buffer, key?: string) => Promise<Buffer>;
  /** `model.sig` of a folder with these files. */
  model: (files: Files, key?: string) => Promise<Buffer>;
}> {
  const machine = await newMachine();
  for (const key of ['ours', 'strange']) expect((await sluice(machine, 'keys', 'make', key)).code).toBe(0);
  await writeFile(join(machine.root, 'policy.toml'), POLICY);
  let made = 0;
  const run = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await sluice(machine, 'sign', ...args);
    expect(code, stderr).toBe(0);
  };
  return {
    machine,
    detached: async (bytes, key = 'ours') => {
      const path = join(machine.root, `file-${(made += 1)}`);
      await writeFile(path, bytes);
      await run(path, '--detached', '--key', key, '--output', `${path}.sig`);
      return readFile(`${path}.sig`);
    },
    model: async (files, key = 'ours') => {
      const folder = join(machine.root, `model-${(made += 1)}`);
      for (const [name, bytes] of Object.entries(files)) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), bytes);
      }
      await run(folder, '--key', key);
      return readFile(join(folder, 'model.sig'));
    },
  };
}

interface World {
  readonly serving: Serving;
  readonly again: () => Promise<Serving>;
  readonly die: () => Promise<void>;
}

async function serve(machine: Machine, files: Files, scope = '/files/tools/*'): Promise<World> {
  const sim = await hub({ folders: { tools: files } });
  await writeFile(join(machine.root, 'trust.toml'), trust(sim.url + scope));
  const site = ['--site', `any=files:${sim.url}/files/tools`, '--policy', join(machine.root, 'policy.toml')];
  const again = (): Promise<Serving> => startServing(machine, ...site);
  return { serving: await again(), again, die: () => sim.die() };
}

async function end({ child }: Serving): Promise<void> {
  const over = once(child, 'exit');
  child.kill('SIGTERM');
  await over;
}

/** What every way to a file answers, which is to be the same of all. */
async function answer({ url }: Serving, name: string, bytes: string | Buffer): Promise<number> {
  const statuses = new Set<number>();
  for (const [headers, from, to] of [
    [{}, 0, undefined],
    [{ range: 'bytes=0-9' }, 0, 10],
    [{ 'if-none-match': '"another"' }, 0, undefined],
  ] as const) {
    const given = await fetch(`${url}/-/any/${name}`, { headers });
    const body = Buffer.from(await given.arrayBuffer());
    if (given.ok) expect(body.equals(Buffer.from(bytes).subarray(from, to))).toBe(true);
    else expect(body.toString()).toMatch(/sign/i);
    statuses.add(given.status === 206 ? 200 : given.status);
    statuses.add((await fetch(`${url}/-/any/${name}`, { method: 'HEAD' })).status);
  }
  expect([name, ...statuses]).toHaveLength(2);
  return [...statuses][0] ?? 0;
}

describe('a plain site behind a server with a policy that wants files signed', () => {
  it('shows a file by the signature beside it, cold and warm, and the signature with it', PATIENT, async () => {
    const { machine, detached } = await signer();
    const files: Files = {
      'good.bin': WEIGHT,
      'good.bin.sig': await detached(WEIGHT),
      'deep/good.txt': 'a model',
      'deep/good.txt.sig': await detached('a model'),
      'none.bin': Buffer.alloc(1000, 1),
      'other.bin': Buffer.alloc(1000, 2),
      'other.bin.sig': await detached(Buffer.alloc(1000, 3)),
      'strange.bin': Buffer.alloc(1000, 4),
      'strange.bin.sig': await detached(Buffer.alloc(1000, 4), 'strange'),
      'page.bin': 'a file',
      'page.bin.sig': '<html>not found</html>',
      'empty.bin': '',
      'empty.bin.sig': await detached(''),
    };
    const { serving, again, die } = await serve(machine, files);
    const wanted = (name: string): number => (/^(?:deep\/)?(?:good|empty)/.test(name) ? 200 : 403);
    const names = Object.keys(files).filter((name) => name !== 'empty.bin');
    const walk = async (by: Serving): Promise<void> => {
      for (const name of names) expect([name, await answer(by, name, files[name] ?? '')]).toEqual([name, wanted(name)]);
      expect((await fetch(`${by.url}/-/any/empty.bin`)).status).toBe(200);
    };
    await walk(serving);
    await walk(serving);
    await end(serving);
    const warm = await again();
    await walk(warm);
    await end(warm);
    await die();
    const alone = await again();
    expect(await answer(alone, 'good.bin', WEIGHT)).toBe(200);
  });

  it('shows files by what signs their folder: model.sig, and a signed list of checksums', PATIENT, async () => {
    const { machine, model, detached } = await signer();
    const tiny: Files = { 'config.json': '{"model_type":"tiny"}', 'deep/weights.bin': WEIGHT };
    const list = `${sha256(WEIGHT)}  a.bin\n${sha256('wrong')}  c.bin\n`;
    const strangeList = `${sha256('b')}  b.bin\n`;
    const files: Files = {
      ...Object.fromEntries(Object.entries(tiny).map(([name, bytes]) => [`tiny/${name}`, bytes])),
      'tiny/model.sig': await model(tiny),
      'tiny/extra.txt': 'nobody signed it',
      'changed/config.json': '{"model_type":"evil"}',
      'changed/model.sig': await model(tiny),
      'strange/config.json': '{"model_type":"tiny"}',
      'strange/model.sig': await model({ 'config.json': '{"model_type":"tiny"}' }, 'strange'),
      'listed/a.bin': WEIGHT,
      'listed/c.bin': 'right',
      'listed/d.bin': 'not listed',
      'listed/SHA256SUMS': list,
      'listed/SHA256SUMS.sig': await detached(list),
      'listed-by-strange/b.bin': 'b',
      'listed-by-strange/SHA256SUMS': strangeList,
      'listed-by-strange/SHA256SUMS.sig': await detached(strangeList, 'strange'),
      'unsigned-list/a.bin': WEIGHT,
      'unsigned-list/SHA256SUMS': list,
    };
    const signed = ['tiny/config.json', 'tiny/deep/weights.bin', 'tiny/model.sig', 'changed/model.sig'];
    const listed = ['listed/a.bin', 'listed/SHA256SUMS', 'listed/SHA256SUMS.sig'];
    const shown = new Set([...signed, ...listed]);
    const { serving } = await serve(machine, files);
    for (let round = 0; round < 2; round += 1)
      for (const [name, bytes] of Object.entries(files))
        expect([name, await answer(serving, name, bytes)]).toEqual([name, shown.has(name) ? 200 : 403]);
  });

  it('goes by the rule for its address: where none is for it, nothing is shown', PATIENT, async () => {
    const { machine, detached } = await signer();
    const files: Files = { 'good.bin': WEIGHT, 'good.bin.sig': await detached(WEIGHT) };
    const { serving } = await serve(machine, files, '/files/elsewhere/*');
    expect(await answer(serving, 'good.bin', WEIGHT)).toBe(403);
  });

  it('gives nothing while nobody can say who signed it, and makes up no refusal', PATIENT, async () => {
    const { machine, detached } = await signer();
    const files: Files = { 'good.bin': WEIGHT, 'good.bin.sig': await detached(WEIGHT) };
    const sim = await hub({ folders: { tools: files } });
    await writeFile(join(machine.root, 'trust.toml'), trust(`${sim.url}/files/tools/*`));
    const fault = sim.faults.add({ on: { path: /\.sig$/ }, fault: { type: 'status', status: 500 } });
    const args = ['--site', `any=files:${sim.url}/files/tools`, '--policy', join(machine.root, 'policy.toml')];
    const { url } = await startServing(machine, ...args);
    const told = async (): Promise<unknown> => {
      const answer = await fetch(`${url}/-/any/good.bin`);
      return [answer.status, answer.ok ? '' : await answer.text()];
    };
    expect(await told()).toEqual([503, expect.any(String) as unknown]);
    fault.remove();
    await expect.poll(told, { timeout: 60_000, interval: 250 }).toEqual([200, '']);
  });
});
