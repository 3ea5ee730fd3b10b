import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, afterEach, expect, test } from 'vitest';
import { loadSettings } from '../../base/index.js';
import { rehearse } from './rehearse.js';

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function settingsWith(env: Readonly<Record<string, string>> = {}) {
  return (await loadSettings({ env: { HOME: folder, ...env }, cwd: folder })).settings;
}

test('a file comes twice, the mirror that is to answer has its connections opened, and nothing is left', async () => {
  const warmed: string[] = [];
  expect(await rehearse(await settingsWith(), { warm: (url) => warmed.push(url) }, folder)).toBe(true);
  expect(warmed).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)]);
  expect(await readdir(folder)).toEqual([]);
});

test('neither hubs nor proxies are asked, whatever the settings say of them', async () => {
  const settings = await settingsWith({
    HF_ENDPOINT: NOWHERE,
    HF_TOKEN: 'hf_secret',
    SLUICE_PROXY: NOWHERE,
    SLUICE_HTTP_PROXY: NOWHERE,
    SLUICE_OFFLINE: '1',
    SLUICE_SERVE_PUBLIC_URL: 'https://models.example/hub',
  });
  expect(settings).toMatchObject({ hfEndpoints: [NOWHERE], proxy: NOWHERE, httpProxy: NOWHERE, offline: true });
  expect(await rehearse(settings, { warm: () => undefined }, folder)).toBe(true);
});

test('where there is no room for it, it is left out', async () => {
  expect(await rehearse(await settingsWith(), { warm: () => undefined }, join(folder, 'missing'))).toBe(false);
});
