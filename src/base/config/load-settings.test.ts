import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SluiceError, loadSettings, type Environment, type Flags, type LoadedSettings } from '../index.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sluice-settings-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function load(env: Environment = {}, flags: Flags = {}): Promise<LoadedSettings> {
  return loadSettings({ env, flags, cwd: join(home, 'cwd'), platform: 'linux', homeDirectory: home });
}

function write(path: string, content: string): string {
  const full = join(home, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, content);
  return full;
}

const toml = (content: string): string => write('.config/sluice/sluice.toml', content);

async function refusal(env: Environment, flags: Flags = {}): Promise<string> {
  const thrown: unknown = await load(env, flags).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(SluiceError);
  expect((thrown as SluiceError).code).toBe('BAD_SETTING');
  return (thrown as SluiceError).message;
}

const originOf = (loaded: LoadedSettings, key: string) => loaded.entries.find((entry) => entry.key === key)?.origin;

describe('precedence', () => {
  it('is flag over environment over file over default, and tells which', async () => {
    expect((await load()).settings.connections).toBe('auto');
    const path = toml('connections = 3');
    expect((await load()).settings.connections).toBe(3);
    expect(originOf(await load(), 'connections')).toEqual({ from: 'file', name: path });
    const env = { SLUICE_CONNECTIONS: '4' };
    expect((await load(env)).settings.connections).toBe(4);
    expect(originOf(await load(env), 'connections')).toEqual({ from: 'environment', name: 'SLUICE_CONNECTIONS' });
    const flagged = await load(env, { connections: '5' });
    expect(flagged.settings.connections).toBe(5);
    expect(originOf(flagged, 'connections')).toEqual({ from: 'flag', name: '--connections' });
  });

  it('takes a set-but-empty variable, of any name, as unset', async () => {
    const usual = await load();
    const names = 'HF_ENDPOINT HF_HOME HF_HUB_CACHE HF_TOKEN HF_HUB_OFFLINE MODELSCOPE_ENDPOINT MODELSCOPE_CACHE';
    const more = 'HTTPS_PROXY https_proxy NO_PROXY SSL_CERT_FILE SLUICE_HOME SLUICE_CONFIG XDG_CONFIG_HOME LANG CI';
    const env = Object.fromEntries(`${names} ${more}`.split(' ').map((name) => [name, ' ']));
    expect((await load(env)).settings).toEqual(usual.settings);
  });

  it('puts a profile right below the level that chose it', async () => {
    toml('profile = "lab"\n[hf]\nendpoints = ["https://plain"]\n[profiles.lab.hf]\nendpoints = ["https://lab"]');
    expect((await load()).settings.hfEndpoints).toEqual(['https://lab']);
    const env = { HF_ENDPOINT: 'https://env' };
    expect((await load(env)).settings.hfEndpoints).toEqual(['https://env']);
    expect((await load(env, { profile: 'lab' })).settings.hfEndpoints).toEqual(['https://lab']);
    const both = { profile: 'lab', hfEndpoints: ['https://flag'] };
    expect((await load(env, both)).settings.hfEndpoints).toEqual(['https://flag']);
    expect((await load({ ...env, SLUICE_PROFILE: 'cn' })).settings.hfEndpoints).toEqual(['https://env']);
  });
});

describe('variables that people already set', () => {
  it('follow the rules of the Hugging Face cache', async () => {
    const cache = async (env: Environment) => (await load(env)).settings.hfCache;
    expect(await cache({})).toBe(join(home, '.cache/huggingface/hub'));
    expect(await cache({ XDG_CACHE_HOME: '/x' })).toBe('/x/huggingface/hub');
    expect(await cache({ XDG_CACHE_HOME: '/x', HF_HOME: '~/hf' })).toBe(join(home, 'hf/hub'));
    expect(await cache({ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/legacy' })).toBe('/legacy');
    expect(await cache({ HUGGINGFACE_HUB_CACHE: '/legacy', HF_HUB_CACHE: '/new' })).toBe('/new');
  });

  it('follow the rules of the ModelScope caches', async () => {
    const { settings } = await load();
    expect(settings.msCache).toBe(join(home, '.cache/modelscope'));
    expect(settings.msLegacyCache).toBe(join(home, '.cache/modelscope/hub'));
    const set = (await load({ MODELSCOPE_CACHE: '/ms' })).settings;
    expect([set.msCache, set.msLegacyCache]).toEqual(['/ms', '/ms']);
  });

  it('name endpoints, with the slash at the end dropped and a path prefix kept', async () => {
    expect((await load({ HF_ENDPOINT: 'https://hf-mirror.com/' })).settings.hfEndpoints).toEqual([
      'https://hf-mirror.com',
    ]);
    const prefixed = await load({ HF_ENDPOINT: 'http://host:8081/artifactory/hf/' });
    expect(prefixed.settings.hfEndpoints).toEqual(['http://host:8081/artifactory/hf']);
    expect((await load({ MODELSCOPE_DOMAIN: 'www.modelscope.ai' })).settings.msEndpoints).toEqual([
      'https://www.modelscope.ai',
    ]);
    const both = { MODELSCOPE_DOMAIN: 'a.example', MODELSCOPE_ENDPOINT: 'http://b.example' };
    expect((await load(both)).settings.msEndpoints).toEqual(['http://b.example']);
  });

  it('give tokens: variable, legacy variable, named file, usual file', async () => {
    const token = async (env: Environment) => (await load(env)).settings.hfToken;
    expect(await token({})).toBeUndefined();
    write('.cache/huggingface/token', 'hf_usualfile\n');
    expect(await token({})).toBe('hf_usualfile');
    const usual = { from: 'file', name: join(home, '.cache/huggingface/token') };
    expect(originOf(await load(), 'hf.token')).toEqual(usual);
    write('hf/token', 'hf_inhome\n');
    expect(await token({ HF_HOME: join(home, 'hf') })).toBe('hf_inhome');
    const HF_TOKEN_PATH = write('elsewhere', 'hf_named\n');
    expect(await token({ HF_TOKEN_PATH })).toBe('hf_named');
    expect(await token({ HF_TOKEN_PATH, HUGGING_FACE_HUB_TOKEN: 'hf_legacy' })).toBe('hf_legacy');
    expect(await token({ HUGGING_FACE_HUB_TOKEN: 'hf_legacy', HF_TOKEN: 'hf_new\n' })).toBe('hf_new');
  });

  it('keep implicit tokens back when asked to, but not the one given to Sluice', async () => {
    write('.cache/huggingface/token', 'hf_usualfile');
    const env = { HF_TOKEN: 'hf_implicit', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' };
    expect((await load(env)).settings.hfToken).toBeUndefined();
    expect((await load(env, { hfToken: 'hf_given' })).settings.hfToken).toBe('hf_given');
  });

  it('switch the network off only by the words that huggingface_hub knows', async () => {
    for (const on of ['1', 'ON', 'yes', 'True'])
      expect((await load({ HF_HUB_OFFLINE: on })).settings.offline).toBe(true);
    for (const off of ['0', 'no', 'whatever'])
      expect((await load({ HF_HUB_OFFLINE: off })).settings.offline).toBe(false);
    expect(await refusal({ SLUICE_OFFLINE: 'whatever' })).toContain('true or false');
  });

  it('name proxies in either case, by scheme, with ALL_PROXY last', async () => {
    const env = { ALL_PROXY: 'socks5://s:1080', https_proxy: 'user:pw@p:3128', no_proxy: 'localhost,.corp' };
    const { settings, entries } = await load(env);
    expect(settings.proxy).toBe('http://user:pw@p:3128');
    expect(settings.httpProxy).toBe('socks5://s:1080');
    expect(settings.noProxy).toBe('localhost,.corp');
    expect(entries.find((entry) => entry.key === 'proxy')?.shown).not.toContain('pw');
  });

  it('add certificates from all of them, passing over files that are gone', async () => {
    const a = write('a.pem', '');
    const b = write('b.pem', '');
    const env = { NODE_EXTRA_CA_CERTS: a, SSL_CERT_FILE: '/gone.pem', REQUESTS_CA_BUNDLE: b, CURL_CA_BUNDLE: b };
    expect((await load(env)).settings.caFiles).toEqual([a, b]);
    expect(await refusal(env, { caFiles: ['/gone.pem'] })).toContain('/gone.pem');
  });
});

describe('sluice.toml', () => {
  it('is not read from the working directory', async () => {
    write('cwd/sluice.toml', 'offline = true');
    expect((await load()).settings.offline).toBe(false);
  });

  it('is found by SLUICE_CONFIG, XDG_CONFIG_HOME and the home directory; a named one must exist', async () => {
    toml('connections = 1');
    write('xdg/sluice/sluice.toml', 'connections = 2');
    const SLUICE_CONFIG = write('other.toml', 'connections = 3');
    const XDG_CONFIG_HOME = join(home, 'xdg');
    expect((await load()).settings.connections).toBe(1);
    expect((await load({ XDG_CONFIG_HOME })).settings.connections).toBe(2);
    expect((await load({ XDG_CONFIG_HOME, SLUICE_CONFIG })).settings.connections).toBe(3);
    expect(await refusal({ SLUICE_CONFIG: '/nowhere.toml' })).toContain('no such file');
  });

  it('reads lists, numbers, switches, and paths relative to itself', async () => {
    toml(
      'home = "store"\noffline = true\nlimit = "20MB/s"\nno-progress = 90\n[hf]\nendpoints = ["https://a", "https://b/"]',
    );
    const { settings } = await load();
    expect(settings).toMatchObject({
      home: join(home, '.config/sluice/store'),
      offline: true,
      limit: [{ bytesPerSecond: 20_000_000 }],
      noProgressMs: 90_000,
      hfEndpoints: ['https://a', 'https://b'],
    });
  });

  it('refuses keys that do not exist, with the one that was meant and without the value', async () => {
    toml('[hf]\ntoken2 = "private-value"');
    const message = await refusal({});
    expect(message).toContain('did you mean hf.token?');
    expect(message).not.toContain('private-value');
    toml('[profiles.x]\nconections = 3');
    expect(await refusal({})).toContain('did you mean connections?');
    toml('[profiles.x]\nprofile = "y"');
    expect(await refusal({})).toContain('cannot be part of a profile');
  });

  it.each([
    'connections = [1, 2]',
    'connections = {a = 1}',
    'hf.endpoints = [[1]]',
    'profiles = 3',
    'x = = 1',
    'home = 1979-05-27',
  ])('refuses %s', async (content) => {
    toml(content);
    expect(await refusal({})).toBeTruthy();
  });

  it('never fails in another way, whatever the file holds', async () => {
    const keys = fc.constantFrom('connections', 'limit', 'hf', 'profiles', 'offline', 'home', 'zz', '__proto__');
    const values = fc.constantFrom(
      '1',
      '-1',
      '"x"',
      '[]',
      '["a"]',
      '{}',
      '{x=1}',
      'true',
      'nan',
      '1979-05-27',
      '',
      '"',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(keys, values)), async (lines) => {
        toml(lines.map(([key, value]) => `${key} = ${value}`).join('\n'));
        await load().catch((error: unknown) => expect((error as SluiceError).code).toBe('BAD_SETTING'));
      }),
      { numRuns: 200 },
    );
  });
});

describe('values', () => {
  it.each([
    [{ HF_ENDPOINT: 'hf-mirror.com' }, 'https://hf-mirror.com'],
    [{ HF_ENDPOINT: 'ftp://x' }, 'http://'],
    [{ HF_ENDPOINT: 'https://me:secret@x' }, 'token'],
    [{ SLUICE_CONNECTIONS: '0' }, '1 to 256'],
    [{ SLUICE_LIMIT: 'fast' }, '20MB/s'],
    [{ SLUICE_LIMIT: '08:00-18:00 20MB/s, Moo none' }, '"Moo" is no day'],
    [{ SLUICE_MEMORY: '1MB' }, 'at least 4MiB'],
    [{ SLUICE_PROFILE: 'cm' }, 'did you mean cn?'],
    [{ SLUICE_VIEW: 'hff' }, 'modelscope'],
  ])('that do not fit are refused with what would: %o', async (env, hint) => {
    const message = await refusal(env);
    expect(message).toContain(hint);
    expect(message).toContain(Object.keys(env)[0] === 'SLUICE_PROFILE' ? 'profile' : Object.keys(env)[0]);
    expect(message).not.toContain('secret@');
  });

  it('a limit is a rate or a timetable, and is shown as it is read', async () => {
    const shownOf = async (limit: string) =>
      (await load({ SLUICE_LIMIT: limit })).entries.find(({ key }) => key === 'limit')?.shown;
    expect(await shownOf('160Mbit/s')).toBe('20.0 MB/s');
    expect(await shownOf('mon-fri 8:00-18:00 20mb/s,NONE')).toBe('Mon-Fri 08:00-18:00 20.0 MB/s, none');
    expect(await shownOf('none')).toBe('none');
    expect((await load({ SLUICE_LIMIT: 'none' })).settings.limit).toBeUndefined();
    expect((await load({ SLUICE_MEMORY: '32MiB' })).settings.memoryBytes).toBe(2 ** 25);
    expect((await load({ SLUICE_MEMORY: 'auto' })).settings.memoryBytes).toBeUndefined();
  });

  it('never show secrets, neither in entries nor in errors', async () => {
    const { entries } = await load({ HF_TOKEN: 'hf_abcdefghijklmnopqrstuvwxyz', MODELSCOPE_API_TOKEN: 'short' });
    expect(entries.find((entry) => entry.key === 'hf.token')?.shown).toBe('hf_***wxyz');
    expect(entries.find((entry) => entry.key === 'ms.token')?.shown).toBe('***');
    expect(await refusal({ HF_TOKEN: 'has space' })).not.toContain('has space');
  });

  it('bind the token to endpoints that the user named, not to mirrors of a built-in profile', async () => {
    expect((await load({}, { profile: 'cn' })).settings).toMatchObject({
      hfEndpoints: ['https://hf-mirror.com', 'https://huggingface.co'],
      hfTokenEndpoints: ['https://huggingface.co'],
    });
    expect((await load({ HF_ENDPOINT: 'https://hf-mirror.com' })).settings.hfTokenEndpoints).toEqual([
      'https://hf-mirror.com',
    ]);
  });

  it('tell which hubs the user named', async () => {
    expect((await load({})).settings.namedHubs).toEqual([]);
    expect((await load({}, { profile: 'cn' })).settings.namedHubs).toEqual([]);
    expect((await load({ MODELSCOPE_ENDPOINT: 'https://ms.example' })).settings.namedHubs).toEqual(['ms']);
    expect((await load({}, { hfEndpoints: ['https://hf.example'] })).settings.namedHubs).toEqual(['hf']);
  });

  it('read pairs of names', async () => {
    const { settings } = await load({
      SLUICE_HUBS_MAP: 'hf:a/b = ms:c/d, hf:e/*=ms:f/* , ms:g/h=https://host/x/?a=b',
    });
    expect(settings.hubMap).toEqual([
      { from: 'hf:a/b', to: 'ms:c/d' },
      { from: 'hf:e/*', to: 'ms:f/*' },
      { from: 'ms:g/h', to: 'https://host/x/?a=b' },
    ]);
    for (const bad of ['a/b=ms:c/d', 'hf:a/b', 'hf:a/b=ms:*/d', 'hf:*/*=ms:a/*', 'hf:a/b=ftp://x/'])
      await expect(load({ SLUICE_HUBS_MAP: bad }), bad).rejects.toMatchObject({ code: 'BAD_SETTING' });
  });

  it('take the language from the POSIX variables in their order', async () => {
    expect((await load({ LANG: 'zh_CN.UTF-8' })).settings.lang).toBe('zh');
    expect((await load({ LANG: 'zh_CN.UTF-8', LC_ALL: 'C' })).settings.lang).toBe('en');
    expect((await load({ LANG: 'de_DE', SLUICE_LANG: 'zh' })).settings.lang).toBe('zh');
  });
});
