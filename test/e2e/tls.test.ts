import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newAuthority } from './authority.js';
import { hub, isRight, MODEL } from './hub.js';
import { newMachine, sluice, withEnv } from './harness.js';

const HOSTS = ['IP:127.0.0.1', 'IP:127.0.0.2'];
const WEIGHT = 'model-00001-of-00002.safetensors';

describe('a hub behind a private CA', () => {
  it('7 and the remedy without the CA; right with it, however it is named', async () => {
    const authority = await newAuthority();
    const sim = await hub({ tls: await authority.issue(...HOSTS) });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_NO_PROGRESS: '4s' });
    const refused = await sluice(machine, 'pull', 'acme/tiny');
    expect(refused.code, refused.stderr).toBe(7);
    expect(refused.stderr).toContain('--ca');
    expect(refused.stderr).toContain(new URL(sim.url).host);
    expect(refused.stderr).toContain('TLS');
    expect(sim.requests).toEqual([]);
    const byFlag = await sluice(machine, 'pull', 'acme/tiny', '--ca', authority.file);
    expect(byFlag.code, byFlag.stderr).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(byFlag.stdout.trim(), WEIGHT))).toBe(true);
    for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SLUICE_CA']) {
      const done = await sluice(
        withEnv(machine, { [name]: authority.file }),
        'pull',
        'acme/tiny',
        '--view',
        'repository',
      );
      expect(done.code, `${name}\n${done.stderr}`).toBe(0);
    }
    await copyFile(authority.file, join(machine.root, 'corp.pem'));
    const relative = await sluice(machine, 'pull', 'acme/tiny', '--ca', 'corp.pem', '--to', 'flat');
    expect(relative.code, relative.stderr).toBe(0);
  });

  it('a certificate for another host is refused, also of the host that bytes are redirected to', async () => {
    const authority = await newAuthority();
    const [elsewhere, hubOnly] = [await authority.issue('DNS:hub.example'), await authority.issue('IP:127.0.0.1')];
    for (const [tls, failing] of [
      [elsewhere, 'url'],
      [hubOnly, 'cdnUrl'],
    ] as const) {
      const sim = await hub({ tls });
      const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_NO_PROGRESS: '4s' });
      const done = await sluice(machine, 'pull', 'acme/tiny', '--ca', authority.file);
      expect(done.code, done.stderr).toBe(7);
      expect(done.stderr).toContain(new URL(sim[failing]).host);
      expect(done.stderr).toMatch(/does not match|ALTNAME/i);
    }
  });

  it('a CA file that is none: 2, and the file is named', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--ca', 'absent.pem');
    expect(done.code, done.stderr).toBe(2);
    expect(done.stderr).toContain('absent.pem');
  });
});
