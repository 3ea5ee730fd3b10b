import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newAuthority, type Authority } from './authority.js';
import { newMachine, sluice } from './harness.js';

it('accepts a model that the named workload signed with its SVID, and refuses other workloads, other trust domains and other bytes', async () => {
  const [machine, acme, other] = await Promise.all([newMachine(), newAuthority('acme.io'), newAuthority('other.io')]);
  const model = join(machine.root, 'model');
  await mkdir(model);
  await writeFile(join(model, 'a.safetensors'), 'weights');
  const policy = join(machine.root, 'policy.toml');
  await writeFile(
    policy,
    `version = 1
[[rule]]
name = "ours"
scopes = ["*"]
[[rule.accept]]
method = "oms-certificate"
profile = "spiffe"
roots = [${JSON.stringify(acme.file)}]
identities = ["uri:spiffe://acme.io/release"]
`,
  );
  const signWith = async (authority: Authority, id: string): Promise<void> => {
    const { key, cert } = await authority.issueSvid(id);
    await writeFile(join(machine.root, 'svid.key'), key);
    await writeFile(join(machine.root, 'svid.pem'), cert);
    const signer = ['--key', join(machine.root, 'svid.key'), '--certificate', join(machine.root, 'svid.pem')];
    const signed = await sluice(machine, 'sign', model, ...signer);
    expect(signed.code, signed.stderr).toBe(0);
  };
  const verify = async (...more: readonly string[]) => sluice(machine, 'verify', '--policy', policy, model, ...more);

  await signWith(acme, 'spiffe://acme.io/release');
  const accepted = await verify('--json');
  expect(accepted.code, accepted.stderr).toBe(0);
  expect(JSON.parse(accepted.stdout)).toMatchObject({
    verdict: 'accepted',
    accepted: [{ method: 'oms-certificate', signer: { identity: 'uri:spiffe://acme.io/release' } }],
  });
  for (const [authority, id, reason] of [
    [acme, 'spiffe://acme.io/build', 'signed by uri:spiffe://acme.io/build'],
    [acme, 'spiffe://other.io/release', 'signed by uri:spiffe://other.io/release'],
    [other, 'spiffe://other.io/release', 'no path to a root'],
    [other, 'spiffe://acme.io/release', 'no path to a root'],
  ] as const) {
    await signWith(authority, id);
    const refused = await verify();
    expect(refused.code, `${id}: ${refused.stderr}`).toBe(6);
    expect((refused.stdout + refused.stderr).replaceAll(/\s+/g, ' ')).toContain(reason);
  }
  await signWith(acme, 'spiffe://acme.io/release');
  await appendFile(join(model, 'a.safetensors'), '!');
  expect((await verify()).code).toBe(5);
});
