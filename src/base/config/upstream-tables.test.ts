import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BadValue } from './kinds.js';
import { loadSettings } from './load-settings.js';
import { upstreams } from './upstream-tables.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-upstreams-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const load = (toml: string) => {
  const path = join(folder, 'sluice.toml');
  writeFileSync(path, toml);
  return loadSettings({ env: { HOME: folder, SLUICE_CONFIG: path }, cwd: folder });
};
const parse = (...tables: readonly object[]) =>
  upstreams.parse([JSON.stringify(tables)], { folder, homeDirectory: folder });

describe('upstreams in sluice.toml', () => {
  test('are tables, in their order, with what is usual where they say nothing', async () => {
    writeFileSync(join(folder, 'token'), 'hf_from_file\n');
    const { settings, entries } = await load(`
[[serve.upstream]]
name = "office"
kind = "hf"
url = "https://models.example/hub/"
token-file = "token"
allow = ["acme/*"]
deny = ["acme/secret-*"]
timeout = "500ms"
max-fails = 5
fail-timeout = "1m"
not-found = "next"
[[serve.upstream]]
kind = "hf"
url = "https://hub.example"
token = "hf_written_here"
`);
    expect(settings.serveUpstreams).toEqual([
      {
        name: 'office',
        kind: 'hf',
        url: 'https://models.example/hub',
        token: 'hf_from_file',
        allow: ['acme/*'],
        deny: ['acme/secret-*'],
        timeoutMs: 500,
        maxFails: 5,
        failMs: 60_000,
        notFound: 'next',
        callerTokens: true,
      },
      expect.objectContaining({ name: 'hub.example', notFound: 'stop', callerTokens: false }),
    ]);
    const shown = entries.find(({ name }) => name === 'serveUpstreams')?.shown ?? '';
    expect(shown).toContain('office (hf https://models.example/hub)');
    expect(shown).not.toContain('hf_');
  });

  test('that make no sense are refused, without telling the token', async () => {
    const wrong = load('[[serve.upstream]]\nkind = "hf"\nurl = "https://a.example"\ntoken = "hf_geheim"\nmaxfails = 3');
    await expect(wrong).rejects.toMatchObject({
      code: 'BAD_SETTING',
      details: { key: 'serve.upstream', value: '***' },
    });
    await expect(wrong).rejects.toThrow(/maxfails/);
    await expect(wrong).rejects.not.toThrow(/geheim/);
    expect(() => parse({ kind: 'hf', url: 'https://a' }, { kind: 'ms', url: 'https://a' })).toThrow(/two are called/);
    expect(() => parse({ kind: 's3', url: 'https://a' })).toThrow(/kind is one of/);
    expect(() => parse({ kind: 'hf', url: 'https://a', 'token-file': 'none' })).toThrow(/cannot be read/);
  });

  test('are read or refused, whatever they say', () => {
    const keys = ['name', 'kind', 'url', 'token', 'allow', 'deny', 'timeout', 'max-fails', 'caller-tokens', 'x'];
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('hf', 'files', 'https://a.example', ['a'], true, 3, '2s'));
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.constantFrom(...keys), value)), (tables) => {
        try {
          for (const table of parse(...tables)) expect(table.url).toMatch(/^https?:\/\//);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(BadValue);
        }
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          upstreams.parse([text], { folder, homeDirectory: folder });
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(BadValue);
        }
      }),
    );
  });
});
