import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newAuthority } from './authority.js';
import { hub, isRight, MODEL } from './hub.js';
import { newMachine, sluice, withEnv } from './harness.js';
import { startProxy } from './proxy-server.js';

const WEIGHT = 'model-00001-of-00002.safetensors';

describe('a proxy', () => {
  it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy', 'SLUICE_HTTP_PROXY'])(
    'from %s: http goes through it in absolute form, the files are right',
    async (name) => {
      const sim = await hub();
      const proxy = await startProxy();
      const machine = await newMachine({ HF_ENDPOINT: sim.url, [name]: proxy.url });
      const done = await sluice(machine, 'pull', 'acme/tiny');
      expect(done.code, done.stderr).toBe(0);
      expect(await isRight(MODEL, WEIGHT, join(done.stdout.trim(), WEIGHT))).toBe(true);
      expect(proxy.requests.length).toBe(sim.requests.length);
      expect(proxy.requests.every(({ target }) => target.startsWith('http://127.0.0.'))).toBe(true);
    },
  );

  it('https goes through it by CONNECT, http does not follow HTTPS_PROXY', async () => {
    const authority = await newAuthority();
    const sim = await hub({ tls: await authority.issue('IP:127.0.0.1', 'IP:127.0.0.2') });
    const plain = await hub();
    const proxy = await startProxy();
    const machine = await newMachine({ HF_ENDPOINT: sim.url, HTTPS_PROXY: proxy.url, SLUICE_CA: authority.file });
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(done.stdout.trim(), WEIGHT))).toBe(true);
    expect(new Set(proxy.requests.map(({ method }) => method))).toEqual(new Set(['CONNECT']));
    const hosts = [sim.url, sim.cdnUrl].map((url) => new URL(url).host);
    expect(new Set(proxy.requests.map(({ target }) => target))).toEqual(new Set(hosts));
    const tunnels = proxy.requests.length;
    const direct = await sluice(withEnv(machine, { HF_ENDPOINT: plain.url }), 'pull', 'acme/tiny', '--to', 'flat');
    expect(direct.code, direct.stderr).toBe(0);
    expect(proxy.requests.length).toBe(tunnels);
  });

  it('with credentials: given to the proxy, to nobody else, and never shown', async () => {
    const token = 'hf_abcdefghijklmnopqrstuvwxyz01234567';
    const sim = await hub({ users: { [token]: 'ann' } });
    const proxy = await startProxy({ account: 'ann:s3cret-päss' });
    const url = proxy.url.replace('://', '://ann:s3cret-p%C3%A4ss@');
    const machine = await newMachine({ HF_ENDPOINT: sim.url, HTTP_PROXY: url, HF_TOKEN: token });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--json');
    expect(done.code, done.stderr).toBe(0);
    expect(sim.leaks).toEqual([]);
    expect(sim.requests.some(({ headers }) => 'proxy-authorization' in headers)).toBe(false);
    const config = await sluice(machine, 'config');
    expect(done.stdout + done.stderr + config.stdout + config.stderr).not.toContain('s3cret');
  });

  it.each([
    ['asks for credentials that it does not get', { account: 'ann:secret' }, 'http'],
    ['asks for credentials that it does not get', { account: 'ann:secret' }, 'https'],
    ['refuses', { refuse: 403 }, 'https'],
    ['cannot reach the hub', { refuse: 503 }, 'https'],
  ] as const)('that %s (%j, %s): 7, and it is named', async (_, options, scheme) => {
    const authority = await newAuthority();
    const tls = await authority.issue('IP:127.0.0.1', 'IP:127.0.0.2');
    const sim = await hub(scheme === 'https' ? { tls } : {});
    const proxy = await startProxy(options);
    const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, SLUICE_CA: authority.file, SLUICE_NO_PROGRESS: '2s' };
    const done = await sluice(await newMachine({ HF_ENDPOINT: sim.url, ...env }), 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(7);
    expect(done.stderr).toContain(proxy.host);
    expect(done.stderr).toContain('PROXY');
    expect(sim.requests).toEqual([]);
  });

  it('that is dead: 7, and it is named', async () => {
    const sim = await hub();
    const env = { HTTP_PROXY: 'http://127.0.0.1:9', SLUICE_NO_PROGRESS: '2s' };
    const done = await sluice(await newMachine({ HF_ENDPOINT: sim.url, ...env }), 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(7);
    expect(done.stderr).toContain('127.0.0.1:9');
    expect(done.stderr).toContain('PROXY');
  });

  it('NO_PROXY names hosts that are reached directly, the others are not', async () => {
    const sim = await hub();
    const proxy = await startProxy();
    const env = { HF_ENDPOINT: sim.url, HTTP_PROXY: proxy.url, NO_PROXY: 'other.example,127.0.0.1' };
    const done = await sluice(await newMachine(env), 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(new Set(proxy.requests.map(({ target }) => new URL(target).hostname))).toEqual(new Set(['127.0.0.2']));
    const all = await startProxy();
    const none = await newMachine({ HF_ENDPOINT: sim.url, HTTP_PROXY: all.url, NO_PROXY: '*' });
    expect((await sluice(none, 'pull', 'acme/tiny')).code).toBe(0);
    expect(all.requests).toEqual([]);
  });

  it('--proxy goes before the environment, and an empty variable is none', async () => {
    const sim = await hub();
    const proxy = await startProxy();
    const machine = await newMachine({ HF_ENDPOINT: sim.url, HTTP_PROXY: 'http://127.0.0.1:9' });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--proxy', proxy.host);
    expect(done.code, done.stderr).toBe(0);
    expect(proxy.requests.length).toBeGreaterThan(5);
    const empty = await sluice(
      withEnv(machine, { HTTP_PROXY: '', http_proxy: '' }),
      'pull',
      'acme/tiny',
      '--to',
      'flat',
    );
    expect(empty.code, empty.stderr).toBe(0);
  });

  it('of a kind that is not known: 2, and it is said which are', async () => {
    const machine = await newMachine({ HTTPS_PROXY: 'gopher://127.0.0.1:9' });
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(2);
    expect(done.stderr).toContain('HTTPS_PROXY');
  });
});
