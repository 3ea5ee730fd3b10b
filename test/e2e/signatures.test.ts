import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newMachine, sluice, type Machine } from './harness.js';
import { hub } from './hub.js';

const POLICY = (scope: string): string => `version = 1
[[rule]]
name = "ours"
scopes = ["${scope}"]
unverified-files = "warn"
[[rule.accept]]
method = "oms-key"
keys = ["store/keys/ours.pub"]
[[rule.accept]]
method = "detached"
keys = ["store/keys/ours.pub"]
`;

async function signer(scope = '*'): Promise<{ machine: Machine; policy: string; model: string }> {
  const machine = await newMachine();
  const model = join(machine.root, 'model');
  await mkdir(model);
  await writeFile(join(model, 'a.safetensors'), 'weights');
  await writeFile(join(model, 'config.json'), '{}');
  const policy = join(machine.root, 'policy.toml');
  await writeFile(policy, POLICY(scope));
  const made = await sluice(machine, 'keys', 'make', 'ours');
  expect(made.code, made.stderr).toBe(0);
  return { machine, policy, model };
}

describe('a signed folder', () => {
  it('is accepted as it was signed, and refused as something else with the exit code that says which', async () => {
    const { machine, policy, model } = await signer();
    const verify = async (): Promise<number | null> =>
      (await sluice(machine, 'verify', '--policy', policy, model)).code;
    expect(await verify()).toBe(6);
    expect((await sluice(machine, 'sign', model, '--key', 'ours')).code).toBe(0);
    expect(await verify()).toBe(0);
    const report = await sluice(machine, 'verify', '--policy', policy, model, '--json');
    expect(JSON.parse(report.stdout)).toMatchObject({ verdict: 'accepted', rule: 'ours', unverified: [] });
    await writeFile(join(model, 'run.py'), 'import os');
    expect(await verify()).toBe(5);
    expect((await sluice(machine, 'keys', 'make', 'other')).code).toBe(0);
    expect((await sluice(machine, 'sign', model, '--key', 'other')).code).toBe(0);
    expect(await verify()).toBe(6);
  });

  it('goes by a list of checksums too, and no rule is no trust', async () => {
    const { machine, policy, model } = await signer('hf:acme/*');
    const list = join(model, 'SHA256SUMS');
    const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex');
    await writeFile(list, `${sumOf('weights')}  a.safetensors\n${sumOf('{}')} *config.json\n`);
    expect((await sluice(machine, 'sign', list, '--key', 'ours', '--detached')).code).toBe(0);
    expect((await sluice(machine, 'verify', '--policy', policy, model)).code).toBe(6);
    expect((await sluice(machine, 'verify', '--policy', policy, model, '--as', 'hf:acme/x')).code).toBe(0);
    await writeFile(join(model, 'config.json'), '[]');
    expect((await sluice(machine, 'verify', '--policy', policy, model, '--as', 'hf:acme/x')).code).toBe(5);
  });

  it('may be one file that is signed without its name, and then has any', async () => {
    const { machine, policy, model } = await signer();
    const file = join(model, 'a.safetensors');
    expect((await sluice(machine, 'sign', model, '--key', 'ours', '--unnamed')).code).toBe(2);
    expect((await sluice(machine, 'sign', file, '--key', 'ours', '--unnamed', '--detached')).code).toBe(2);
    expect((await sluice(machine, 'sign', file, '--key', 'ours', '--unnamed')).code).toBe(0);
    const verify = async (path: string): Promise<number | null> =>
      (await sluice(machine, 'verify', '--policy', policy, path, '--signature', `${file}.sig`)).code;
    expect(await verify(file)).toBe(0);
    const renamed = join(machine.root, 'b.safetensors');
    await rename(file, renamed);
    expect(await verify(renamed)).toBe(0);
    await writeFile(renamed, 'others');
    expect(await verify(renamed)).toBe(5);
  });

  it('keeps its private keys to this user, and none is overwritten', async () => {
    const { machine } = await signer();
    const path = join(machine.home, 'keys', 'ours.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const before = await readFile(path, 'utf8');
    expect((await sluice(machine, 'keys', 'make', 'ours')).code).toBe(2);
    expect(await readFile(path, 'utf8')).toBe(before);
    const listed = await sluice(machine, 'keys', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject({ name: 'ours', kind: 'p256', canSign: true });
  });
});

describe('a pulled model', () => {
  it('is proven where the store keeps it, by a signature beside it', async () => {
    const sim = await hub();
    const { machine: signing, policy } = await signer('hf:acme/*');
    const machine = { ...signing, env: { ...signing.env, HF_ENDPOINT: sim.url } };
    expect((await sluice(machine, 'pull', 'acme/tiny')).code).toBe(0);
    const signature = join(machine.root, 'tiny.sig');
    const signed = await sluice(machine, 'sign', 'hf:acme/tiny', '--key', 'ours', '--output', signature);
    expect(signed.code, signed.stderr).toBe(0);
    const verify = ['verify', '--policy', policy, '--signature', signature, 'hf:acme/tiny', '--json'];
    const report = await sluice(machine, ...verify);
    expect(JSON.parse(report.stdout)).toMatchObject({ scope: 'hf:acme/tiny', verdict: 'accepted' });
    expect(report.code).toBe(0);
  });
});
