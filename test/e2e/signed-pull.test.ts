import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newMachine, sluice, withEnv, type Machine } from './harness.js';
import type { SimFiles } from '../../src/sim/index.js';
import { hub } from './hub.js';

const PATIENT = { timeout: 120_000 };
const FILES = { 'config.json': '{"model_type":"tiny"}', 'notes.txt': 'a model', '.gitattributes': '*.bin lfs\n' };

const TRUST = `version = 1
[[rule]]
name = "ours"
scopes = ["hf:acme/*"]
unverified-files = "warn"
[[rule.accept]]
method = "oms-key"
keys = ["store/keys/ours.pub", "store/keys/theirs.pub"]
`;

const POLICY = (from = ''): string => `name = "signed"
[scan]
refuse = "high"
review = "admit"
not-scanned = "admit"
error = "admit"
[signature]
required = true
policy = "trust.toml"
${from}
`;

interface Signing {
  readonly machine: Machine;
  /** A policy's path. `from`: a line of it. */
  readonly policy: (from?: string) => string;
  /** The signature over the files but for those that it ignores, by a key of that name. */
  readonly sign: (key: string, ...ignored: readonly string[]) => Promise<string>;
}

async function signing(): Promise<Signing> {
  const machine = await newMachine();
  for (const key of ['ours', 'theirs', 'strange'])
    expect((await sluice(machine, 'keys', 'make', key)).code, key).toBe(0);
  await writeFile(join(machine.root, 'trust.toml'), TRUST);
  let made = 0;
  return {
    machine,
    policy: (from) => {
      const path = join(machine.root, `policy-${(made += 1)}.toml`);
      writeFileSync(path, POLICY(from));
      return path;
    },
    sign: async (key, ...ignored) => {
      const model = join(machine.root, `model-${(made += 1)}`);
      await mkdir(model);
      for (const [name, content] of Object.entries(FILES)) await writeFile(join(model, name), content);
      const signed = await sluice(
        machine,
        'sign',
        model,
        '--key',
        key,
        ...ignored.flatMap((path) => ['--ignore', path]),
      );
      expect(signed.code, signed.stderr).toBe(0);
      return readFileSync(join(model, 'model.sig'), 'utf8');
    },
  };
}

/** Pulls `acme/tiny` with these files: the exit code, what was said, and what can be seen. */
async function pullOf(
  { machine }: Signing,
  files: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<{ code: number | null; said: string; seen: readonly string[] }> {
  const sim = await hub({ repositories: [{ id: 'acme/tiny', files }] });
  const to = join(machine.root, `seen-${new URL(sim.url).port}`);
  const at = withEnv(machine, { HF_ENDPOINT: sim.url });
  const { code, stderr } = await sluice(at, 'pull', 'hf:acme/tiny', '--to', to, '--view', 'flat', ...args);
  const seen = existsSync(to) ? readdirSync(to).filter((name) => name in files) : [];
  return { code, said: stderr, seen: seen.sort() };
}

describe('a policy that wants models signed', () => {
  it('shows what is signed as it was signed, and nothing else', PATIENT, async () => {
    const world = await signing();
    const policy = ['--policy', world.policy()];
    const unsigned = await pullOf(world, FILES, ...policy);
    expect([unsigned.code, unsigned.seen]).toEqual([6, []]);
    expect(unsigned.said).toMatch(/SIGNATURE/);

    const signature = await world.sign('ours');
    const signed = { ...FILES, 'model.sig': signature };
    const good = await pullOf(world, signed, ...policy);
    expect(good.code, good.said).toBe(0);
    expect(good.seen).toEqual(Object.keys(signed).sort());
    const part = await pullOf(world, signed, ...policy, '--include', 'config.json', 'model.sig');
    expect([part.code, part.seen], part.said).toEqual([0, ['config.json', 'model.sig']]);

    const changed = await pullOf(world, { ...signed, 'config.json': '{"model_type":"tina"}' }, ...policy);
    expect([changed.code, changed.seen]).toEqual([5, []]);
    expect(changed.said).toMatch(/config\.json has other bytes than were signed/);
    const added = await pullOf(world, { ...signed, 'run.py': 'import os' }, ...policy, '--allow', 'SIGNATURE');
    expect([added.code, added.seen]).toEqual([5, []]);
    const ignored = { ...FILES, 'model.sig': await world.sign('ours', 'notes.txt') };
    const uncovered = await pullOf(world, ignored, ...policy);
    expect([uncovered.code, uncovered.seen]).toEqual([6, []]);
    expect(uncovered.said).toMatch(/not every file/);
  });

  it('wants the signer named, by the trust policy and by its own list', PATIENT, async () => {
    const world = await signing();
    const strange = { ...FILES, 'model.sig': await world.sign('strange') };
    const unknown = await pullOf(world, strange, '--policy', world.policy());
    expect([unknown.code, unknown.seen]).toEqual([6, []]);

    const keys = await sluice(world.machine, 'keys', '--json');
    const fingerprintOf = (name: string): string =>
      keys.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { name: string; fingerprint: string })
        .find((key) => key.name === name)?.fingerprint ?? '';
    const only = world.policy(`from = ["${fingerprintOf('ours')}"]`);
    const theirs = { ...FILES, 'model.sig': await world.sign('theirs') };
    expect((await pullOf(world, theirs, '--policy', world.policy())).code).toBe(0);
    const other = await pullOf(world, theirs, '--policy', only);
    expect([other.code, other.seen]).toEqual([6, []]);
    expect(other.said).toContain(fingerprintOf('theirs'));
    expect((await pullOf(world, { ...FILES, 'model.sig': await world.sign('ours') }, '--policy', only)).code).toBe(0);
  });

  it(
    'excuses no signature of other bytes, in a pull, asked about it, or judging again what is held',
    PATIENT,
    async () => {
      const world = await signing();
      const files = { ...FILES, 'model.sig': await world.sign('ours'), 'config.json': '{"model_type":"tina"}' };
      const sim = await hub({ repositories: [{ id: 'acme/tiny', files }] });
      const at = withEnv(world.machine, { HF_ENDPOINT: sim.url });
      const run = async (...args: readonly string[]): Promise<readonly [number | null, string]> => {
        const { code, stdout, stderr } = await sluice(at, ...args);
        return [code, stdout + stderr];
      };
      expect((await run('pull', 'hf:acme/tiny'))[0]).toBe(0);
      const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
      const excuse = (rule: string): string =>
        `[[waiver]]\nrule = "${rule}"\nref = "*"\nowner = "ann"\nreason = "known"\nuntil = ${until}`;
      const policy = ['--policy', world.policy(`${excuse('SIGNATURE')}\n${excuse('SIGNATURE-WRONG')}`)];
      const wrong = [5, expect.stringMatching(/config\.json has other bytes than were signed/)];
      expect(await run('admit', 'hf:acme/tiny', ...policy)).toEqual(wrong);
      expect(await run('admit', '--again', ...policy)).toEqual(wrong);
      expect(await run('pull', 'hf:acme/tiny', ...policy)).toEqual(wrong);
      // One that is not there at all is for the policy to excuse.
      await writeFile(join(world.machine.root, 'trust.toml'), TRUST.replace('acme', 'others'));
      for (const command of [
        ['admit', 'hf:acme/tiny'],
        ['admit', '--again'],
        ['pull', 'hf:acme/tiny'],
      ])
        expect((await run(...command, ...policy))[0], command.join(' ')).toBe(0);
    },
  );

  it('takes a signature from elsewhere, for what was pulled before too', PATIENT, async () => {
    const world = await signing();
    const path = join(world.machine.root, 'elsewhere.sig');
    await writeFile(path, await world.sign('ours'));
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files: FILES }] });
    const at = withEnv(world.machine, { HF_ENDPOINT: sim.url });
    const policy = ['--policy', world.policy()];
    const run = async (...args: readonly string[]): Promise<number | null> => (await sluice(at, ...args)).code;
    expect(await run('pull', 'hf:acme/tiny', '--signature', path)).toBe(2);
    expect(await run('pull', 'hf:acme/tiny', ...policy)).toBe(6);
    expect(await run('pull', 'hf:acme/tiny', ...policy, '--signature', path)).toBe(0);
    expect(await run('admit', 'hf:acme/tiny', ...policy)).toBe(6);
    expect(await run('admit', 'hf:acme/tiny', ...policy, '--signature', path)).toBe(0);
    for (const stricter of [TRUST.replace('acme', 'others'), TRUST.replace('scopes', 'minimum = 2\nscopes')]) {
      await writeFile(join(world.machine.root, 'trust.toml'), stricter);
      expect(await run('pull', 'hf:acme/tiny', ...policy, '--signature', path)).toBe(6);
    }
  });

  it('takes what was signed before it was sealed, once it is opened, and what was signed sealed', PATIENT, async () => {
    const world = await signing();
    const { machine } = world;
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const [open, secret] = [join(machine.root, 'open.pub'), join(machine.root, 'secret.key')];
    await writeFile(open, publicKey.export({ format: 'pem', type: 'spki' }));
    await writeFile(secret, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const signature = await world.sign('ours');
    const plain = join(machine.root, 'plain');
    await mkdir(plain);
    for (const [name, content] of Object.entries({ 'notes.txt': FILES['notes.txt'], 'evil.txt': 'another' }))
      await writeFile(join(plain, name), content);
    const out = join(machine.root, 'out');
    const made = await sluice(machine, 'seal', plain, '--to', open, '--out', out);
    expect(made.code, made.stderr).toBe(0);
    const sealed = (name: string): SimFiles => ({
      'config.json': FILES['config.json'],
      '.gitattributes': FILES['.gitattributes'],
      'model.sig': signature,
      'notes.txt.sealed': readFileSync(join(out, `${name}.sealed`)),
    });
    const pull = async (
      files: SimFiles,
      ...args: readonly string[]
    ): Promise<{ code: number | null; said: string }> => {
      const sim = await hub({ repositories: [{ id: 'acme/tiny', files }] });
      const at = withEnv(machine, { HF_ENDPOINT: sim.url });
      const { code, stderr } = await sluice(at, 'pull', 'hf:acme/tiny', '--policy', world.policy(), ...args);
      return { code, said: stderr };
    };
    const opened = await pull(sealed('notes.txt'), '--key', secret);
    expect(opened.code, opened.said).toBe(0);
    const changed = await pull(sealed('evil.txt'), '--key', secret);
    expect(changed.code).toBe(5);
    expect(changed.said).toMatch(/notes\.txt has other bytes than were signed/);
    const model = join(machine.root, 'sealed-model');
    await mkdir(model);
    for (const [name, content] of Object.entries(sealed('evil.txt')))
      if (name !== 'model.sig') await writeFile(join(model, name), content as Buffer | string);
    expect((await sluice(machine, 'sign', model, '--key', 'ours')).code).toBe(0);
    const after = { ...sealed('evil.txt'), 'model.sig': readFileSync(join(model, 'model.sig')) };
    for (const args of [['--key', secret], []]) {
      const pulled = await pull(after, ...args);
      expect(pulled.code, pulled.said).toBe(0);
    }
    expect(
      (await pull({ ...after, ...sealed('notes.txt'), 'model.sig': after['model.sig'] }, '--key', secret)).code,
    ).toBe(5);
    // Who cannot open it cannot tell that it is what was signed.
    expect((await pull(sealed('notes.txt'))).code).toBe(5);
  });
});
