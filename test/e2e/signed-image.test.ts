import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { digestOf, startWritableRegistry, type RegistryTraits } from '../../src/hubs/testing/writable-registry.js';
import { newMachine, sluice, type Finished, type Machine } from './harness.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const image = (text: string): Buffer =>
  Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', layers: [], text }),
  );

interface World {
  readonly machine: Machine;
  readonly ref: string;
  readonly run: (...args: readonly string[]) => Promise<Finished>;
  readonly verify: (ref?: string) => Promise<number | null>;
  readonly put: (tag: string, manifest: Buffer) => string;
}

async function start(traits: RegistryTraits = {}): Promise<World> {
  const registry = await startWritableRegistry(traits);
  closing.push(registry.close);
  const machine = await newMachine();
  const repository = 'acme/model';
  registry.put(repository, 'v1', image('weights'));
  const policy = join(machine.root, 'policy.toml');
  const accept = '[[rule.accept]]\nmethod = "cosign-key"\nkeys = ["store/keys/ours.pub"]\n';
  await writeFile(policy, `version = 1\n[[rule]]\nname = "r"\nscopes = ["*"]\n${accept}`);
  const run = (...args: readonly string[]): Promise<Finished> => sluice(machine, ...args);
  expect((await run('keys', 'make', 'ours')).code).toBe(0);
  const ref = `oci:${registry.host}/${repository}:v1`;
  const verify = async (which = ref): Promise<number | null> => (await run('verify', '--policy', policy, which)).code;
  return { machine, ref, run, verify, put: (tag, manifest) => registry.put(repository, tag, manifest) };
}

describe('a signed image', () => {
  it.each([
    ['cosign', true],
    ['cosign', false],
    ['cosign-tag', false],
  ] as const)(
    'as %s is accepted, and another under its tag is not (referrers listed: %s)',
    async (format, hasReferrers) => {
      const { ref, run, verify, put } = await start({ hasReferrers });
      expect(await verify()).toBe(6);
      const signed = await run('sign', ref, '--key', 'ours', '--format', format, '--json');
      expect(signed.code, signed.stderr).toBe(0);
      const pinned = ref.slice(4).replace(':v1', `@${digestOf(image('weights'))}`);
      expect(JSON.parse(signed.stdout)).toMatchObject({ image: pinned });
      expect(await verify()).toBe(0);
      put('v1', image('others'));
      expect(await verify()).toBe(6);
      expect(await verify(`oci:${pinned}`)).toBe(0);
    },
  );

  it('is signed and read with the account that Docker keeps', async () => {
    const { machine, ref, run, verify } = await start({ account: 'me:secret', challenge: 'bearer' });
    const anonymous = await run('sign', ref, '--key', 'ours');
    expect([anonymous.code, anonymous.stderr]).toEqual([4, expect.stringContaining('docker login') as unknown]);
    await mkdir(join(machine.root, '.docker'));
    const auths = { [ref.slice(4).split('/')[0] ?? '']: { auth: Buffer.from('me:secret').toString('base64') } };
    await writeFile(join(machine.root, '.docker', 'config.json'), JSON.stringify({ auths }));
    const signed = await run('sign', ref, '--key', 'ours');
    expect(signed.code, signed.stderr).toBe(0);
    expect(signed.stdout + signed.stderr).not.toContain('secret');
    expect(await verify()).toBe(0);
  });

  it('is signed and read without an account where the program that keeps one is not there, which is told by its name', async () => {
    const { machine, ref, run, verify } = await start();
    await mkdir(join(machine.root, '.docker'));
    await writeFile(join(machine.root, '.docker', 'config.json'), JSON.stringify({ credsStore: 'nowhere' }));
    const signed = await run('sign', ref, '--key', 'ours');
    expect([signed.code, signed.stderr]).toEqual([0, expect.stringContaining('docker-credential-nowhere') as unknown]);
    expect(await verify()).toBe(0);
    const closed = await start({ account: 'me:secret', challenge: 'bearer' });
    await mkdir(join(closed.machine.root, '.docker'));
    await writeFile(join(closed.machine.root, '.docker', 'config.json'), JSON.stringify({ credsStore: 'nowhere' }));
    const refused = await closed.run('sign', closed.ref, '--key', 'ours');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('docker-credential-nowhere');
    expect(refused.stderr).toContain('the registry wants one');
    expect(await closed.verify()).toBe(2);
  });

  it('is not signed where the registry or the key does not allow it, nor by options for files', async () => {
    const { ref, run } = await start({ instead: (method) => (method === 'GET' ? undefined : { status: 403 }) });
    expect((await run('sign', ref, '--key', 'ours')).code).toBe(4);
    const bare = await run('sign', ref, '--key', 'ours', '--format', 'notation');
    expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining('--certificate') as unknown]);
    for (const wrong of [
      ['--detached'],
      ['--output', 'x'],
      ['--ignore', 'x'],
      ['--shards', '1GB'],
      ['--unnamed'],
      ['--format', 'gpg'],
    ])
      expect((await run('sign', ref, '--key', 'ours', ...wrong)).code, wrong.join(' ')).toBe(2);
    expect((await run('sign', '.', '--key', 'ours', '--format', 'cosign')).code).toBe(2);
  });
});
