import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newAuthority } from './authority.js';
import { contentRequests, hub, isRight, MODEL } from './hub.js';
import { newMachine, sluice, withEnv, type Machine } from './harness.js';
import { startProxy } from './proxy-server.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';
const TOKEN = 'hf_abcdefghijklmnopqrstuvwxyz01234567';
const SMALL = ['--include', '*.json'] as const;

async function writeSettings(machine: Machine, text: string): Promise<void> {
  await mkdir(join(machine.root, '.config', 'sluice'), { recursive: true });
  await writeFile(join(machine.root, '.config', 'sluice', 'sluice.toml'), text);
}

describe('HF_ENDPOINT', () => {
  it.each(['', '/', '//'])('may have a path prefix and end in %j', async (end) => {
    const sim = await hub({ prefix: '/artifactory/api/huggingfaceml/remote' });
    const machine = await newMachine({ HF_ENDPOINT: sim.url + end });
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(done.stdout.trim(), WEIGHT))).toBe(true);
    expect(sim.requests.filter(({ status }) => status >= 400)).toEqual([]);
    expect(sim.requests.filter(({ url }) => url.includes('//'))).toEqual([]);
  });

  it('set but empty means unset: the settings file and then the default count', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: '', HF_TOKEN: '', HF_HUB_OFFLINE: '', HTTPS_PROXY: '' });
    expect((await sluice(machine, 'config')).stdout).toContain('https://huggingface.co');
    await writeSettings(machine, `hf.endpoints = ["${sim.url}"]\n`);
    const done = await sluice(machine, 'pull', 'acme/tiny', ...SMALL);
    expect(done.code, done.stderr).toBe(0);
  });

  it('without a scheme or of nonsense: 2, and the variable is named', async () => {
    for (const value of ['ftp://hub.example', 'http://']) {
      const done = await sluice(await newMachine({ HF_ENDPOINT: value }), 'pull', 'acme/tiny');
      expect(done.code, done.stderr).toBe(2);
      expect(done.stderr).toContain('HF_ENDPOINT');
    }
  });
});

describe('tokens', () => {
  const gated = {
    users: { [TOKEN]: 'ann' },
    repositories: [{ id: 'acme/tiny', files: MODEL, gated: true, tokens: [TOKEN] }],
  };

  it('come from where `hf auth login` puts them, from HF_TOKEN_PATH, and not when implicit ones are switched off', async () => {
    const sim = await hub(gated);
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    await mkdir(machine.hfHome, { recursive: true });
    await writeFile(join(machine.hfHome, 'token'), `${TOKEN}\n`);
    const usual = await sluice(machine, 'pull', 'acme/tiny', ...SMALL);
    expect(usual.code, usual.stderr).toBe(0);
    const off = withEnv(machine, { HF_HUB_DISABLE_IMPLICIT_TOKEN: '1', SLUICE_HOME: join(machine.root, 'other') });
    expect((await sluice(off, 'pull', 'acme/tiny', ...SMALL)).code).toBe(4);
    const elsewhere = await newMachine({ HF_ENDPOINT: sim.url, HF_TOKEN_PATH: '~/my-token' });
    await writeFile(join(elsewhere.root, 'my-token'), TOKEN);
    const named = await sluice(elsewhere, 'pull', 'acme/tiny', ...SMALL);
    expect(named.code, named.stderr).toBe(0);
    expect(sim.leaks).toEqual([]);
  });

  it('--token is for the hub of the refs alone, and 2 for refs of both', async () => {
    const sim = await hub({
      ...gated,
      repositories: [{ id: 'acme/tiny', files: MODEL, private: true, tokens: [TOKEN] }],
    });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, MODELSCOPE_ENDPOINT: sim.url });
    expect((await sluice(machine, 'pull', 'hf:acme/tiny', ...SMALL)).code).not.toBe(0);
    for (const ref of ['hf:acme/tiny', 'ms:acme/tiny']) {
      const done = await sluice(machine, 'pull', ref, '--token', TOKEN, ...SMALL);
      expect(done.code, `${ref}\n${done.stderr}`).toBe(0);
      expect(done.stdout + done.stderr).not.toContain(TOKEN);
    }
    const both = await sluice(machine, 'pull', 'hf:acme/tiny', 'ms:acme/tiny', '--token', TOKEN);
    expect(both.code, both.stderr).toBe(2);
  });
});

describe('profiles', () => {
  /** The mirror and the hub of the built-in profile, as a proxy leads to them. */
  async function china(machine: Readonly<Record<string, string>> = {}) {
    const authority = await newAuthority();
    const tls = await authority.issue('DNS:hf-mirror.com', 'DNS:huggingface.co', 'IP:127.0.0.2');
    const mirror = await hub({ tls, users: { [TOKEN]: 'ann' } });
    const own = await hub({ tls, users: { [TOKEN]: 'ann' } });
    const routes = { 'hf-mirror.com:443': new URL(mirror.url).host, 'huggingface.co:443': new URL(own.url).host };
    const proxy = await startProxy({ routes });
    const env = {
      HTTPS_PROXY: proxy.url,
      SLUICE_CA: authority.file,
      HF_TOKEN: TOKEN,
      SLUICE_PROFILE: 'cn',
      ...machine,
    };
    return { mirror, own, machine: await newMachine(env) };
  }

  it('cn: the mirror is asked first, and never gets the token that was not given for it', async () => {
    const { mirror, own, machine } = await china();
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(mirror.requests[0]?.kind).toBe('info');
    expect(mirror.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect([...mirror.leaks, ...own.leaks]).toEqual([]);
    expect(contentRequests(mirror) + contentRequests(own)).toBeGreaterThan(0);
  });

  it('cn: a repository for which the token is needed comes from the hub itself', async () => {
    const { mirror, own, machine } = await china();
    mirror.faults.add({ on: { kind: 'info' }, fault: { type: 'status', status: 401 } });
    const done = await sluice(machine, 'pull', 'acme/tiny', ...SMALL);
    expect(done.code, done.stderr).toBe(0);
    expect(own.requests.some(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
    expect(mirror.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  it("of the user's own: mirrors that the user named get the token", async () => {
    const sim = await hub({ users: { [TOKEN]: 'ann' } });
    const machine = await newMachine({ HF_TOKEN: TOKEN });
    await writeSettings(machine, `[profiles.mine]\nhf.endpoints = ["${sim.url}"]\n`);
    const done = await sluice(machine, 'pull', 'acme/tiny', '--profile', 'mine', ...SMALL);
    expect(done.code, done.stderr).toBe(0);
    expect(sim.requests[0]?.authorization).toBe(`Bearer ${TOKEN}`);
    const unknown = await sluice(machine, 'pull', 'acme/tiny', '--profile', 'mnie');
    expect(unknown.code, unknown.stderr).toBe(2);
    expect(unknown.stderr).toContain('did you mean mine?');
  });
});

describe('--limit', () => {
  it('bounds the rate', async () => {
    const files = { 'w.safetensors': MODEL['model-00002-of-00002.safetensors'] ?? '' };
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const startedMs = performance.now();
    const done = await sluice(machine, 'pull', 'acme/tiny', '--limit', '3MB/s');
    expect(done.code, done.stderr).toBe(0);
    const firstMs = sim.requests.find(({ kind }) => kind === 'cdn')?.atMs ?? 0;
    const seconds = (performance.now() - startedMs - firstMs) / 1000;
    // 9 MiB at 3 MB/s are three seconds; without a limit it is a fraction of one.
    expect((9 * MIB) / seconds).toBeLessThan(2 * 3_000_000);
  });
});
