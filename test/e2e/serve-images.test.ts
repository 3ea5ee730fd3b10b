import { describe, expect, it } from 'vitest';
import { seededContent } from '../../src/sim/index.js';
import { newMachine, type Machine } from './harness.js';
import { digestOf, startRegistry, type TestRegistry } from './registry.js';
import { startServing } from './serving.js';

const MIB = 2 ** 20;
const weight = seededContent({ seed: 'weight', sizeBytes: 9 * MIB + 5 }).read(0, 9 * MIB + 5);
const config = Buffer.from('{"architecture":"amd64"}');
const TYPE = 'application/vnd.oci.image.manifest.v1+json';

const manifestOf = (...layers: readonly Buffer[]): Buffer =>
  Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPE,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
      layers: layers.map((bytes) => ({ mediaType: 'application/x', digest: digestOf(bytes), size: bytes.length })),
    }),
  );

const v1 = manifestOf(weight);

async function start(repository = 'acme/model'): Promise<{ registry: TestRegistry; machine: Machine }> {
  const registry = await startRegistry(repository, { v1 }, [weight, config]);
  return { registry, machine: await newMachine() };
}

const serveFor = (machine: Machine, registry: TestRegistry): ReturnType<typeof startServing> =>
  startServing(machine, '--registry', `docker.io=${registry.url}`, '--registry', `ollama=${registry.url}`);

describe('a mirror of a registry', () => {
  it('gives manifests and layers, and asks for each layer once', async () => {
    const { registry, machine } = await start();
    const { url } = await serveFor(machine, registry);
    const manifest = await fetch(`${url}/v2/acme/model/manifests/v1?ns=docker.io`, { headers: { accept: TYPE } });
    expect(manifest.headers.get('docker-content-digest')).toBe(digestOf(v1));
    expect(manifest.headers.get('content-type')).toBe(TYPE);
    expect(Buffer.from(await manifest.arrayBuffer())).toEqual(v1);
    const address = `${url}/v2/acme/model/blobs/${digestOf(weight)}`;
    const head = await fetch(address, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(weight.length)]);
    expect(registry.served).toEqual([]);
    const cold = await Promise.all([1, 2, 3].map(async () => Buffer.from(await (await fetch(address)).arrayBuffer())));
    for (const bytes of cold) expect(bytes.equals(weight)).toBe(true);
    const part = await fetch(address, { headers: { range: 'bytes=5-9' } });
    expect([part.status, part.headers.get('x-cache-status')]).toEqual([206, 'HIT']);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(weight.subarray(5, 10));
    expect(registry.served.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(registry.tokens).toBe(1);
  });

  it('learns of a layer that no manifest told of from one byte of it, and of an empty one as well', async () => {
    const empty = Buffer.alloc(0);
    const registry = await startRegistry('acme/model', {}, [weight, empty]);
    const { url } = await serveFor(await newMachine(), registry);
    for (const bytes of [weight, empty]) {
      const head = await fetch(`${url}/v2/acme/model/blobs/${digestOf(bytes)}`, { method: 'HEAD' });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
    }
    const [look] = registry.served;
    expect(look?.range).toBe('bytes=0-0');
    const answer = await fetch(`${url}/v2/acme/model/blobs/${digestOf(weight)}`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(weight)).toBe(true);
  });

  it('gives what it has, marked, when the registry is down, and makes up no 404', async () => {
    const { registry, machine } = await start();
    const { url } = await serveFor(machine, registry);
    const address = `${url}/v2/acme/model/manifests/v1`;
    expect((await fetch(address)).status).toBe(200);
    registry.answerWith(500);
    const pinned = await fetch(`${url}/v2/acme/model/manifests/${digestOf(v1)}`);
    const unknown = await fetch(`${url}/v2/acme/model/manifests/v2`);
    expect([pinned.status, unknown.status]).toEqual([200, 503]);
    expect(unknown.headers.get('retry-after')).not.toBeNull();
    const warm = await fetch(address);
    expect([warm.status, Buffer.from(await warm.arrayBuffer()).equals(v1)]).toEqual([200, true]);
  });

  it('that limits us does not hold back what is here, and is not asked again for what it has not got', async () => {
    const { registry, machine } = await start();
    const { url } = await startServing(
      { ...machine, env: { ...machine.env, SLUICE_SERVE_FRESH: '1s' } },
      ...['--registry', `docker.io=${registry.url}`],
    );
    const ask = async (tag: string): Promise<unknown[]> => {
      const answer = await fetch(`${url}/v2/acme/model/manifests/${tag}`);
      await answer.arrayBuffer();
      return [answer.status, answer.headers.get('x-cache-status')];
    };
    expect(await ask('v1')).toEqual([200, 'MISS']);
    expect((await ask('none'))[0]).toBe(404);
    const hits = registry.hits;
    expect((await ask('none'))[0]).toBe(404);
    expect(registry.hits).toBe(hits);
    registry.answerWith(429);
    await expect.poll(() => ask('v1'), { timeout: 60_000 }).toEqual([200, 'STALE']);
    expect((await ask('v2'))[0]).toBe(429);
  });

  it('answers Ollama in its own way: an address of its own with every blob', async () => {
    const { registry, machine } = await start('library/tiny');
    const { url } = await serveFor(machine, registry);
    const headers = { 'user-agent': 'ollama/0.12.0 (amd64 linux) Go/go1.24.1' };
    const manifest = await fetch(`${url}/v2/library/tiny/manifests/v1`, { headers });
    expect(manifest.status).toBe(200);
    const address = `${url}/v2/library/tiny/blobs/${digestOf(weight)}`;
    const first = await fetch(address, { headers });
    expect([first.status, first.headers.get('location')]).toEqual([200, address]);
    await first.body?.cancel();
    const halves = await Promise.all(
      ['bytes=0-4999999', 'bytes=5000000-'].map(async (range) => {
        const answer = await fetch(address, { headers: { ...headers, range } });
        expect(answer.status).toBe(206);
        return Buffer.from(await answer.arrayBuffer());
      }),
    );
    expect(Buffer.concat(halves).equals(weight)).toBe(true);
  });

  it('refuses registries that it does not speak for, other methods, and names that are none', async () => {
    const { registry, machine } = await start();
    const { url } = await serveFor(machine, registry);
    const before = registry.hits;
    const statuses = await Promise.all(
      [
        '/v2/acme/model/manifests/v1?ns=169.254.169.254',
        '/v2/acme/model/manifests/v1?ns=internal.example:8080',
        '/v2/acme/..%2f..%2fadmin/manifests/v1',
        '/v2/acme/model/blobs/md5:abc',
        '/v2/acme/model/uploads/x',
      ].map(async (path) => (await fetch(url + path)).status),
    );
    expect(statuses).toEqual([404, 404, 400, 400, 404]);
    expect((await fetch(`${url}/v2/acme/model/blobs/uploads/`, { method: 'POST' })).status).toBe(405);
    expect(registry.hits).toBe(before);
  });
});
