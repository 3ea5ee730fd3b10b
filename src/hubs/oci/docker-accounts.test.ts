import fc from 'fast-check';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SluiceError } from '../../base/index.js';
import { dockerAccount as accountOf } from './docker-accounts.js';

const scratch = mkdtempSync(join(tmpdir(), 'sluice-accounts-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The account where every program that is named is there. */
const dockerAccount = (host: string, env: Parameters<typeof accountOf>[1]): ReturnType<typeof accountOf> =>
  accountOf(host, env, (program) => {
    throw new Error(`${program} is not there`);
  });

const HOST = 'registry.example.org';
const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });

/** A home with these files. */
function home(files: Readonly<Record<string, unknown>>): { HOME: string } {
  const HOME = mkdtempSync(join(scratch, 'h-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(HOME, name, '..'), { recursive: true });
    writeFileSync(join(HOME, name), typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o755 });
  }
  return { HOME };
}

const helper = (body: string): string => `#!/bin/sh\nread server\n${body}\n`;

describe('the account for a registry', () => {
  it.each<[string, string, unknown]>([
    ['its host', HOST, { auths: { [HOST]: auth('me:se:cret') } }],
    ['its URL', HOST, { auths: { [`https://${HOST}`]: auth('me:se:cret') } }],
    ['Docker Hub’s own name', 'registry-1.docker.io', { auths: { 'https://index.docker.io/v1/': auth('me:se:cret') } }],
    ['name and password apart', HOST, { auths: { [HOST]: { username: 'me', password: 'se:cret' } } }],
  ])('is found by %s', async (_, host, config) => {
    const found = await dockerAccount(host, home({ '.docker/config.json': config }));
    expect(found).toEqual({ name: 'me', password: 'se:cret' });
  });

  it('is looked for where Docker and Podman keep it, and elsewhere when that is said', async () => {
    const mine = { auths: { [HOST]: auth('me:1') } };
    const podman = home({ '.docker/config.json': { auths: {} }, '.config/containers/auth.json': mine });
    expect(await dockerAccount(HOST, podman)).toEqual({ name: 'me', password: '1' });
    const { HOME } = home({
      'a/config.json': { auths: { [HOST]: auth('a:1') } },
      'b.json': { auths: { [HOST]: auth('b:1') } },
    });
    expect(await dockerAccount(HOST, { HOME, DOCKER_CONFIG: join(HOME, 'a') })).toMatchObject({ name: 'a' });
    expect(await dockerAccount(HOST, { HOME, REGISTRY_AUTH_FILE: join(HOME, 'b.json') })).toMatchObject({ name: 'b' });
    expect(await dockerAccount(HOST, home({}))).toBeUndefined();
  });

  it('is not that of another registry', async () => {
    const env = home({ '.docker/config.json': { auths: { [HOST]: auth('me:1'), '': auth('x:1') } } });
    for (const host of [`evil.${HOST}`, `${HOST}:5000`, 'example.org', '__proto__'])
      expect(await dockerAccount(host, env)).toBeUndefined();
  });

  it('comes from the program that is named, which knows it or does not', async () => {
    const config = { credsStore: 'all', credHelpers: { [HOST]: 'one' } };
    const env = home({
      '.docker/config.json': config,
      'bin/docker-credential-one': helper(
        'echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"one\\",\\"Secret\\":\\"$1 $server\\"}"',
      ),
      'bin/docker-credential-all': helper('echo not found; exit 1'),
    });
    const PATH = `${join(env.HOME, 'bin')}:${process.env.PATH ?? ''}`;
    expect(await dockerAccount(HOST, { ...env, PATH })).toEqual({ name: 'one', password: `get ${HOST}` });
    expect(await dockerAccount('other.example.org', { ...env, PATH })).toBeUndefined();
  });

  it.each([
    ['is not there', '/nowhere'],
    ['may not be started', 'locked'],
  ])('is nobody’s where the program that keeps it %s, which is told once', async (_, path) => {
    const env = home({
      '.docker/config.json': { credsStore: 'all', credHelpers: { [HOST]: 'one' } },
      'locked/docker-credential-one': '',
      'locked/docker-credential-all': '',
    });
    for (const name of ['one', 'all']) chmodSync(join(env.HOME, `locked/docker-credential-${name}`), 0o600);
    const missing: string[] = [];
    const PATH = path === 'locked' ? join(env.HOME, path) : path;
    expect(await accountOf(HOST, { ...env, PATH }, (program) => missing.push(program))).toBeUndefined();
    expect(missing).toEqual(['docker-credential-one']);
  });

  it('is found elsewhere where the program that is named is not there', async () => {
    const mine = { auths: { [HOST]: auth('me:1') } };
    const env = home({ '.docker/config.json': { credsStore: 'all' }, '.config/containers/auth.json': mine });
    expect(await dockerAccount(HOST, { ...env, PATH: '/nowhere' })).toEqual({ name: 'me', password: '1' });
  });

  it.each<[string, unknown]>([
    ['a file that is none', '{'],
    ['an identity token', { auths: { [HOST]: { identitytoken: 'x' } } }],
    ['an account without a name', { auths: { [HOST]: auth(':x') } }],
    ['a program in another folder', { credsStore: '../evil' }],
  ])('is refused for %s, without telling what is in it', async (_, config) => {
    await expect(dockerAccount(HOST, home({ '.docker/config.json': config }))).rejects.toMatchObject({
      code: 'BAD_SETTING',
    });
  });

  it('takes any file without another error', async () => {
    const env = home({ '.docker/config.json': '' });
    const part = fc.oneof(
      fc.jsonValue(),
      fc.record({ [HOST]: fc.oneof(fc.jsonValue(), fc.record({ auth: fc.string() })) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.record({ auths: part, credHelpers: fc.record({ x: fc.string() }) }), async (config) => {
        writeFileSync(join(env.HOME, '.docker/config.json'), JSON.stringify(config));
        try {
          const found = await dockerAccount(HOST, env);
          if (found !== undefined) expect(found.name).not.toBe('');
        } catch (thrown) {
          expect((thrown as SluiceError).code).toBe('BAD_SETTING');
        }
      }),
      { numRuns: 100 },
    );
  });
});
