import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent } from '../../src/sim/index.js';
import { newAuthority } from './authority.js';
import { newMachine, sluice, sluiceWith, startSluice, type Machine } from './harness.js';
import { hub, MODEL, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const WEIGHT = 'model-00001-of-00002.safetensors';
const PATH = `/acme/tiny/resolve/main/${WEIGHT}`;

async function machineOf(): Promise<Machine> {
  const sim = await hub();
  return newMachine({ HF_ENDPOINT: sim.url, SLUICE_SERVE_CARRIERS: '2' });
}

async function sha256At(url: string): Promise<string> {
  const answer = await fetch(url);
  return createHash('sha256')
    .update(Buffer.from(await answer.arrayBuffer()))
    .digest('hex');
}

/** The digest of an answer, and by which port of ours it came. */
function askOn(agent: Agent, url: string): Promise<{ sha256: string; port: number | undefined }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent }, (answer) => {
      const hash = createHash('sha256');
      const port = answer.socket.localPort;
      answer.on('data', (chunk: Buffer) => hash.update(chunk)).on('error', reject);
      answer.on('end', () => resolve({ sha256: hash.digest('hex'), port }));
    });
    asked.on('error', reject).end();
  });
}

describe('a server', () => {
  it('sends files that are here by several processes, right and on connections that go on', async () => {
    const { url } = await startServing(await machineOf());
    const right = sha256OfFile(MODEL, WEIGHT);
    expect(await sha256At(url + PATH)).toBe(right);
    const rounds = Array.from({ length: 6 }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const answers = [await askOn(agent, url + PATH), await askOn(agent, url + PATH), await askOn(agent, url + PATH)];
      agent.destroy();
      return answers;
    });
    for (const answers of await Promise.all(rounds)) {
      expect(answers.map(({ sha256 }) => sha256)).toEqual([right, right, right]);
      expect(new Set(answers.map(({ port }) => port)).size).toBe(1);
    }
    const metrics = await (await fetch(`${url}/-/metrics`)).text();
    expect(metrics).toMatch(/^sluice_cache_answers_total\{cache="HIT",route="file"\} 18$/m);
    expect(metrics).toMatch(/^sluice_requests_under_way 1$/m);
  });

  it('ends what is under way when it is told to stop, and then itself', async () => {
    const content = seededContent({ seed: 'slow', sizeBytes: 64 * 2 ** 20 });
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files: { 'w.bin': content } }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_SERVE_CARRIERS: '1' });
    const { url, child } = await startServing(machine);
    const first = await sha256At(`${url}/acme/tiny/resolve/main/w.bin`);
    // Two clients that have read the head of a large body and no more: one is served here, one by a carrier.
    const answers = await Promise.all([1, 2].map(() => fetch(`${url}/acme/tiny/resolve/main/w.bin`)));
    const over = once(child, 'exit');
    child.kill('SIGTERM');
    await expect.poll(() => fetch(`${url}/-/healthz`).then(() => 'there', () => 'gone')).toBe('gone'); // prettier-ignore
    for (const answer of answers) {
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(first);
    }
    expect(await over).toEqual([0, null]);
  });

  it('wants a token where others can reach it, sees new and revoked ones, and says who came', async () => {
    const machine = await machineOf();
    const { url } = await startServing(machine, '--listen', '0.0.0.0');
    const address = url.replace('0.0.0.0', '127.0.0.1');
    const statusWith = async (token?: string) =>
      (await fetch(`${address}/api/models/acme/tiny`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })).status; // prettier-ignore
    expect(await statusWith()).toBe(401);
    const made = await sluice(machine, 'token', 'create', 'ci', '--expires', '90d', '--json');
    const { token, id } = JSON.parse(made.stdout) as { token: string; id: string };
    await expect.poll(() => statusWith(token), { timeout: 10_000 }).toBe(200);
    expect((await sluice(machine, 'token', 'list')).stdout).toContain(id);
    expect((await sluice(machine, 'token', 'revoke', 'ci')).code).toBe(0);
    await expect.poll(() => statusWith(token), { timeout: 10_000 }).toBe(401);
  });

  it('reads its settings again on SIGHUP, and keeps the old ones when the new make no sense', async () => {
    const machine = await machineOf();
    const config = join(machine.root, 'sluice.toml');
    const hash = (await sluiceWith(machine, { stdin: 'secret\n' }, 'token', 'hash')).stdout.trim();
    await writeFile(config, 'serve.anonymous = true\n');
    const { url, child } = await startServing(machine, '--config', config);
    const statusAs = async (user?: string) =>
      (await fetch(`${url}/api/models/acme/tiny`, user === undefined ? {} : { headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` } })).status; // prettier-ignore
    expect(await statusAs()).toBe(200);
    await writeFile(join(machine.root, 'users'), `ann:${hash}\n`);
    await writeFile(config, '[serve]\nanonymous = false\nusers = "users"\n');
    child.kill('SIGHUP');
    await expect.poll(() => statusAs(), { timeout: 10_000 }).toBe(401);
    expect([await statusAs('ann:secret'), await statusAs('ann:wrong')]).toEqual([200, 401]);
    await writeFile(config, '[serve]\nanonymous = "perhaps"\n');
    child.kill('SIGHUP');
    expect(await statusAs()).toBe(401);
    const checked = await sluice(machine, 'serve', '--check-config', '--config', config);
    expect([checked.code, checked.stderr]).toEqual([2, expect.stringContaining('serve.anonymous')]);
    await writeFile(config, '[serve]\nanonymous = true\n');
    expect((await sluice(machine, 'serve', '--check-config', '--config', config)).code).toBe(0);
  });

  it('takes over another upstream and other limits, and says which settings wait for the next start', async () => {
    const [first, second] = [await hub(), await hub()];
    const machine = await newMachine({ SLUICE_SERVE_CARRIERS: '0' });
    const config = join(machine.root, 'sluice.toml');
    const write = (more: string, upstream: string): Promise<void> =>
      writeFile(config, `hf.endpoints = ["${upstream}"]\n[serve]\n${more}\n`);
    await write('max-bytes = "10GB"', first.url);
    const { url, child } = await startServing(machine, '--config', config);
    let said = '';
    child.stdout?.on('data', (text: string) => (said += text));
    const status = async (path: string): Promise<number> => {
      const answer = await fetch(url + path);
      await answer.arrayBuffer();
      return answer.status;
    };
    expect(await status('/api/models/acme/tiny')).toBe(200);
    await first.stop();
    expect(await status('/api/models/acme/other')).toBe(503);
    await write('max-bytes = "20GB"\nclient-rate = 40\nanonymous = true', second.url);
    child.kill('SIGHUP');
    await expect.poll(() => said, { timeout: 10_000 }).toContain('"waiting":["serve.max-bytes"]');
    // Hubs say so of what they do not have; it is the second that says it.
    expect(await status('/api/models/acme/another')).toBe(401);
    const many = await Promise.all(Array.from({ length: 60 }, () => status('/api/models/acme/tiny')));
    expect(many).toContain(429);
  });

  it('speaks TLS, and takes a new certificate without being started again', async () => {
    const machine = await machineOf();
    const paths = [join(machine.root, 'cert.pem'), join(machine.root, 'key.pem')] as const;
    const use = async (): Promise<string> => {
      const authority = await newAuthority();
      const { cert, key } = await authority.issue('IP:127.0.0.1');
      await writeFile(paths[1], key);
      await writeFile(paths[0], cert);
      return readFile(authority.file, 'utf8');
    };
    const first = await use();
    const { url } = await startServing(machine, '--tls-cert', paths[0], '--tls-key', paths[1]);
    const statusWith = (ca: string): Promise<number | undefined> =>
      new Promise((resolve) => {
        const asked = tlsRequest(`${url}/-/healthz`, { ca, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.on('error', () => resolve(undefined)).end();
      });
    expect(url).toMatch(/^https:/);
    expect(await statusWith(first)).toBe(200);
    const second = await use();
    await expect.poll(() => statusWith(second), { timeout: 15_000 }).toBe(200);
    expect(await statusWith(first)).toBeUndefined();
  });

  it('says what is wrong with its settings before it starts', async () => {
    const machine = await machineOf();
    const cert = await sluice(machine, 'serve', '--port', '0', '--tls-cert', join(machine.root, 'none'));
    expect([cert.code, cert.stderr]).toEqual([2, expect.stringContaining('serve.tls-key')]);
    const upstream = await sluice(machine, 'serve', '--upstream', 'somewhere');
    expect(upstream.code).toBe(2);
    const { done, child } = startSluice(machine, ['serve', '--port', '0']);
    await once(child.stdout ?? child, 'data');
    child.kill('SIGINT');
    const finished = await done;
    expect([finished.code, finished.stdout]).toEqual([0, expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\n$/)]);
    await expect(readFile(join(machine.home, 'format'), 'utf8')).resolves.toContain('sluice store');
  });
});
