import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { admissionOf, isStillSaid, type ServeSettings } from './serve-settings.js';
import { watchFiles } from './watch-files.js';

const GENEROUS = { timeout: 30_000 };

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluice-watch-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('tells of what changed before the first look, and of what changes after it', async () => {
  const path = join(folder, 'key');
  writeFileSync(path, 'one');
  const changes: string[] = [];
  const late = watchFiles(
    () => [path],
    () => changes.push('before'),
    () => Promise.resolve(false),
  );
  onTestFinished(late);
  await expect.poll(() => changes, GENEROUS).toEqual(['before']);
  const stop = watchFiles(
    () => [path],
    () => changes.push('after'),
    () => {
      // The latest moment at which nobody compares what was read.
      rmSync(path);
      return Promise.resolve(true);
    },
  );
  onTestFinished(stop);
  await expect.poll(() => changes, GENEROUS).toContain('after');
});

it('knows a policy for another as soon as a key is another that its trust policy names, or nothing can be read', async () => {
  const pem = (): string | Buffer => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('ours.pub'), pem());
  writeFileSync(
    at('trust.toml'),
    'version = 1\n[[rule]]\nname = "r"\nscopes = ["hf:acme/*"]\n[[rule.accept]]\nmethod = "oms-key"\nkeys = ["ours.pub"]\n',
  );
  writeFileSync(at('policy.toml'), 'name = "signed"\n[signature]\nrequired = true\npolicy = "trust.toml"\n');
  const settings = { admissionPolicy: at('policy.toml') } as ServeSettings;
  const policy = await admissionOf(settings);
  expect(await isStillSaid(settings, policy)).toBe(true);
  writeFileSync(at('ours.pub'), pem());
  expect(await isStillSaid(settings, policy)).toBe(false);
  expect(await isStillSaid(settings, await admissionOf(settings))).toBe(true);
  rmSync(at('ours.pub'));
  expect(await isStillSaid(settings, policy)).toBe(false);
  expect(await isStillSaid({ admissionPolicy: 'off' } as ServeSettings, undefined)).toBe(true);
});
