import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newMachine, sluice, withEnv, type Machine } from './harness.js';
import { hub } from './hub.js';
import { startResponder, type Responder } from './responder.js';

const PATIENT = { timeout: 120_000 };

interface World {
  readonly machine: Machine;
  readonly responder: Responder;
  /** Exit code and what was said of the signed model, by a policy with these lines. */
  readonly verify: (lines: string, ...options: readonly string[]) => Promise<readonly [number | null, string]>;
  readonly model: string;
}

async function signedModel(): Promise<World> {
  const [machine, responder] = await Promise.all([newMachine(), startResponder()]);
  const model = join(machine.root, 'model');
  await mkdir(model);
  await writeFile(join(model, 'notes.txt'), 'a model');
  const { key, certificate } = responder.signer;
  const signed = await sluice(machine, 'sign', model, '--key', key, '--certificate', certificate);
  expect(signed.code, signed.stderr).toBe(0);
  const policy = join(machine.root, 'policy.toml');
  const verify: World['verify'] = async (lines, ...options) => {
    await writeFile(policy, trustPolicy(responder, lines));
    const { code, stdout, stderr } = await sluice(machine, 'verify', '--policy', policy, model, ...options);
    return [code, (stdout + stderr).replaceAll(/\s+/g, ' ')];
  };
  return { machine, responder, verify, model };
}

const trustPolicy = ({ root }: Responder, lines: string): string => `version = 1
[[rule]]
name = "ours"
scopes = ["*"]
[[rule.accept]]
method = "oms-certificate"
roots = [${JSON.stringify(root)}]
identities = ["email:release@acme.io"]
${lines}
`;

describe('the revocation of a signer', () => {
  it('is read from the answers of openssl that the policy names, without a network', PATIENT, async () => {
    const { responder, verify } = await signedModel();
    const given = async (name: string, ...options: readonly string[]): Promise<string> =>
      `ocsp-responses = [${JSON.stringify(await responder.write(name, ...options))}]`;
    for (const hash of [[], ['-sha256']]) {
      const good = await given('good.der', '-ndays', '1', ...hash);
      expect(await verify(good, '--offline')).toEqual([0, expect.anything()]);
    }
    expect(await verify(await given('endless.der'))).toEqual([6, expect.stringContaining('how long it holds')]);
    await responder.say('revoked');
    const revoked = await given('revoked.der', '-ndays', '1');
    expect(await verify(revoked)).toEqual([6, expect.stringContaining('revoked 2020-01-01')]);
    expect(await verify(revoked.concat('\nrevocation = "log"'))).toEqual([0, expect.stringContaining('revoked 2020')]);
    await responder.say('unknown');
    const unknown = await given('unknown.der', '-ndays', '1');
    expect(await verify(unknown)).toEqual([6, expect.stringContaining('does not know it')]);
    expect(responder.asked()).toBe(0);
  });

  it('is asked of openssl where the policy says so, and no answer is a refusal', PATIENT, async () => {
    const { responder, verify } = await signedModel();
    const ask = `ocsp = "ask"\nocsp-responder = ${JSON.stringify(responder.url)}`;
    expect(await verify(ask)).toEqual([0, expect.anything()]);
    expect(responder.asked()).toBe(1);
    expect(await verify(ask, '--offline')).toEqual([6, expect.stringContaining('nobody is asked while offline')]);
    expect(responder.asked()).toBe(1);
    await responder.say('revoked');
    expect(await verify(ask)).toEqual([6, expect.stringContaining('revoked 2020-01-01')]);
    await responder.say('unknown');
    expect(await verify(ask)).toEqual([6, expect.stringContaining('does not know it')]);
    responder.sayInstead(404, Buffer.from('none'));
    expect(await verify(ask)).toEqual([6, expect.stringContaining('does not answer')]);
    responder.sayInstead(200, Buffer.alloc(65 * 1024, 0x30));
    expect(await verify(ask)).toEqual([6, expect.stringContaining('65536 bytes')]);
  });

  it(
    'is not asked inside by whatever address a certificate has, unless somebody named that host',
    PATIENT,
    async () => {
      const { machine, responder, verify, model } = await signedModel();
      expect(await verify('ocsp = "ask"')).toEqual([6, expect.stringContaining('name it as ocsp-responder')]);
      expect(responder.asked()).toBe(0);
      const named = withEnv(machine, { HF_ENDPOINT: responder.url });
      const found = await sluice(named, 'verify', '--policy', join(machine.root, 'policy.toml'), model);
      expect(found.code, found.stderr).toBe(0);
      expect(responder.asked()).toBe(1);
    },
  );

  it('keeps a pulled model from being seen', PATIENT, async () => {
    const { machine, responder } = await signedModel();
    const signature = await readFile(join(machine.root, 'model', 'model.sig'), 'utf8');
    const sim = await hub({
      repositories: [{ id: 'acme/tiny', files: { 'notes.txt': 'a model', 'model.sig': signature } }],
    });
    const at = withEnv(machine, { HF_ENDPOINT: sim.url });
    await writeFile(join(machine.root, 'trust.toml'), trustPolicy(responder, 'ocsp = "ask"'));
    const gate = join(machine.root, 'gate.toml');
    await writeFile(gate, 'name = "signed"\n[signature]\nrequired = true\npolicy = "trust.toml"\n');
    const pull = async (to: string) =>
      sluice(at, 'pull', 'hf:acme/tiny', '--to', join(machine.root, to), '--view', 'flat', '--policy', gate);
    const good = await pull('good');
    expect(good.code, good.stderr).toBe(0);
    await responder.say('revoked');
    const revoked = await pull('revoked');
    expect([revoked.code, revoked.stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      6,
      expect.stringContaining('revoked 2020'),
    ]);
  });
});
