import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { newMachine } from './harness.js';
import { hub } from './hub.js';
import { startServing } from './serving.js';

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

/** A server that nobody may ask. */
async function startTrap(): Promise<{ readonly host: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((message, response) => {
    asked.push(message.url ?? '');
    response.end('caught');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Sends a target and headers as they are. */
function send(url: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.on('error', reject).end();
  });
}

describe('a hub that names files so that they would land elsewhere, or end a header', () => {
  it.each([
    '../evil',
    'a/../../evil',
    '/etc/passwd',
    'a\0b',
    'a\nx-evil: 1',
    'a\r\n\r\nHTTP/1.1 200 OK',
    'C:\\evil',
    '..',
    'a\u202eb',
  ])('is not believed: %j', async (name) => {
    const sim = await hub();
    const edit = (value: unknown): unknown =>
      (value as Record<string, unknown>[]).map((entry) =>
        entry.path === 'config.json' ? { ...entry, path: name } : entry,
      );
    sim.faults.add({ on: { kind: 'tree' }, fault: { type: 'edit-json', edit } });
    const { url } = await startServing(await newMachine({ HF_ENDPOINT: sim.url }));
    for (const path of ['/api/models/acme/tiny/tree/main', '/acme/tiny/resolve/main/config.json']) {
      const answer = await fetch(url + path);
      expect([answer.status, answer.headers.get('x-evil')]).toEqual([502, null]);
    }
  });
});

describe('a request', () => {
  it('makes the mirror call nobody but its upstreams, whatever it names', async () => {
    const trap = await startTrap();
    const sim = await hub({ xet: {} });
    const args = [
      '--registry',
      `docker.io=${sim.url}`,
      '--site',
      `py=pypi:${sim.url}`,
      '--site',
      `any=files:${sim.url}`,
    ];
    const { url } = await startServing(
      await newMachine({ HF_ENDPOINT: sim.url, MODELSCOPE_ENDPOINT: sim.url }),
      ...args,
    );
    const place = trap.host.replace(':', '~');
    const digest = 'a'.repeat(64);
    const targets = [
      `http://${trap.host}/`,
      `http://${trap.host}/acme/tiny/resolve/main/config.json`,
      `//${trap.host}/x`,
      `/http://${trap.host}/x`,
      `/v2/acme/model/manifests/v1?ns=${trap.host}`,
      `/v2/${trap.host}/acme/model/manifests/v1`,
      `/v2/acme/model/blobs/sha256:${digest}?ns=${trap.host}`,
      `/-/py/files/any/${place}/x.whl`,
      `/-/py/files/sha256-${digest}/${place}/x.whl`,
      `/-/py/files/any/user@${place}/x.whl`,
      `/-/any//${trap.host}/x`,
      `/-/any/@${trap.host}/x`,
      `/-/any/?url=http://${trap.host}/`,
      `/-/xet/xorbs/default/${digest}?r=models/acme/tiny&c=http://${trap.host}/&p=x&i=0&h=&t=1&s=x`,
      `/api/models?search=x&cursor=http://${trap.host}/`,
      `/api/models/acme/tiny/tree/main?cursor=${Buffer.from(`http://${trap.host}/`).toString('base64url')}`,
      `/acme/tiny.git/info/lfs/objects/${digest}?commit=http://${trap.host}/`,
      `/api/v1/models/acme/tiny/repo?Revision=http://${trap.host}/&FilePath=http://${trap.host}/`,
      '/acme/tiny/resolve/main/config.json',
    ];
    const spoof = {
      host: trap.host,
      'x-forwarded-host': trap.host,
      'x-forwarded-for': trap.host,
      'x-forwarded-proto': 'http',
      forwarded: `host=${trap.host}`,
      'x-original-url': `http://${trap.host}/`,
      'x-rewrite-url': `http://${trap.host}/`,
      referer: `http://${trap.host}/`,
    };
    for (const target of targets) for (const headers of [{}, spoof]) await send(url, target, headers);
    expect(trap.asked).toEqual([]);
    expect(sim.requests.length).toBeGreaterThan(0);
  });
});
