import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  digestOf,
  startWritableRegistry,
  type RegistryTraits,
  type WritableRegistry,
} from '../../src/hubs/testing/writable-registry.js';
import { newMachine, sluice, type Machine } from './harness.js';
import { startServing, type Serving } from './serving.js';

const PATIENT = { timeout: 120_000 };
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const OLLAMA = { 'user-agent': 'ollama/0.12.0 (amd64 linux)' };

const TRUST = `version = 1
[[rule]]
name = "ours"
scopes = ["oci:docker.io/acme/*"]
[[rule.accept]]
method = "cosign-key"
keys = ["store/keys/ours.pub"]
`;

const POLICY = `name = "signed"
[scan]
refuse = "high"
below = "admit"
review = "admit"
not-scanned = "admit"
error = "admit"
[signature]
required = true
policy = "trust.toml"
`;

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const described = (mediaType: string, bytes: Buffer): object => ({ mediaType, digest: digestOf(bytes), size: bytes.length }); // prettier-ignore

interface Image {
  readonly manifest: Buffer;
  readonly layer: Buffer;
}

interface World {
  readonly registry: WritableRegistry;
  readonly machine: Machine;
  readonly image: (repository: string, tag?: string) => Promise<Image>;
  readonly push: (repository: string, bytes: Buffer) => Promise<void>;
  readonly sign: (repository: string, key: string, ...more: readonly string[]) => Promise<void>;
  readonly serve: () => Promise<Serving>;
}

async function start(traits: RegistryTraits = {}): Promise<World> {
  const registry = await startWritableRegistry(traits);
  closing.push(registry.close);
  const machine = await newMachine();
  for (const key of ['ours', 'strange']) expect((await sluice(machine, 'keys', 'make', key)).code).toBe(0);
  await writeFile(join(machine.root, 'trust.toml'), TRUST);
  await writeFile(join(machine.root, 'policy.toml'), POLICY);
  const push: World['push'] = async (repository, bytes) => {
    const opened = await fetch(`${registry.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const at = `${registry.url}${opened.headers.get('location') ?? ''}&digest=${digestOf(bytes)}`;
    expect((await fetch(at, { method: 'PUT', body: new Uint8Array(bytes) })).status).toBe(201);
  };
  let made = 0;
  return {
    registry,
    machine,
    push,
    image: async (repository, tag = 'v1') => {
      made += 1;
      const layer = Buffer.alloc(100_000, made);
      await push(repository, layer);
      const manifest = json({ schemaVersion: 2, mediaType: MANIFEST, layers: [described('application/x', layer)] });
      registry.put(repository, tag, manifest);
      return { manifest, layer };
    },
    sign: async (repository, key, ...more) => {
      const ref = `oci:${registry.host}/${repository}:v1`;
      const { code, stderr } = await sluice(machine, 'sign', ref, '--key', key, ...more);
      expect(code, stderr).toBe(0);
    },
    serve: () =>
      startServing(
        machine,
        ...['--registry', `docker.io=${registry.url}`, '--registry', `ollama=${registry.url}`],
        ...['--policy', join(machine.root, 'policy.toml')],
      ),
  };
}

/** What each way to an image answers: its manifest first, as clients do, or the layer alone. */
async function answers({ url }: Serving, repository: string, { manifest, layer }: Image): Promise<readonly number[]> {
  const ways: (readonly [path: string, bytes: Buffer, init?: RequestInit])[] = [
    ['manifests/v1', manifest],
    ['manifests/v1', manifest, { method: 'HEAD' }],
    [`manifests/${digestOf(manifest)}`, manifest],
    [`manifests/${digestOf(manifest)}?ns=docker.io`, manifest, { headers: { accept: MANIFEST } }],
    [`blobs/${digestOf(layer)}`, layer, { method: 'HEAD' }],
    [`blobs/${digestOf(layer)}`, layer.subarray(5, 10), { headers: { range: 'bytes=5-9' } }],
    [`blobs/${digestOf(layer)}?ns=docker.io`, layer],
    [`blobs/${digestOf(layer)}`, layer, { headers: { 'if-none-match': '"another"' } }],
  ];
  const statuses: number[] = [];
  for (const [path, bytes, init] of ways) {
    const answer = await fetch(`${url}/v2/${repository}/${path}`, init);
    const body = Buffer.from(await answer.arrayBuffer());
    if (answer.ok && init?.method !== 'HEAD') expect(body.equals(bytes)).toBe(true);
    if (!answer.ok && init?.method !== 'HEAD') expect(body.toString()).toMatch(/sign/i);
    statuses.push(answer.status === 206 ? 200 : answer.status);
  }
  return statuses;
}

const all = (status: number): readonly number[] => Array.from({ length: 8 }, () => status);

async function end({ child }: Serving): Promise<void> {
  const over = once(child, 'exit');
  child.kill('SIGTERM');
  await over;
}

describe('a registry behind a server with a policy that wants images signed', () => {
  it.each([
    ['cosign', true],
    ['cosign', false],
    ['cosign-tag', false],
  ] as const)(
    'shows what is signed as %s and nothing else (referrers listed: %s)',
    PATIENT,
    async (format, hasReferrers) => {
      // prettier-ignore
      const world = await start({ hasReferrers });
      const { image, sign } = world;
      const good = await image('acme/good');
      const none = await image('acme/none');
      const strange = await image('acme/strange');
      const other = await image('other/good');
      for (const repository of ['acme/good', 'other/good']) await sign(repository, 'ours', '--format', format);
      await sign('acme/strange', 'strange', '--format', format);
      let serving = await world.serve();
      for (const round of ['cold', 'warm', 'again']) {
        if (round === 'again') {
          await end(serving);
          serving = await world.serve();
        }
        expect(await answers(serving, 'acme/good', good)).toEqual(all(200));
        const named = `${serving.url}/v2/docker.io/acme/good`;
        expect((await fetch(`${named}/manifests/v1`)).status).toBe(200);
        expect((await fetch(`${named}/blobs/${digestOf(good.layer)}`)).status).toBe(200);
        expect((await fetch(`${serving.url}/v2/docker.io/acme/none/manifests/v1`)).status).toBe(403);
        expect(await answers(serving, 'acme/none', none)).toEqual(all(403));
        expect(await answers(serving, 'acme/strange', strange)).toEqual(all(403));
        expect(await answers(serving, 'other/good', other)).toEqual(all(403));
        const ollama = await fetch(`${serving.url}/v2/acme/good/manifests/v1`, { headers: OLLAMA });
        // The same registry by another name, which no rule is for.
        expect(ollama.status).toBe(403);
      }
    },
  );

  it('shows what was signed while the registry is away, also after a restart', PATIENT, async () => {
    const world = await start();
    const good = await world.image('acme/good');
    await world.sign('acme/good', 'ours');
    const first = await world.serve();
    expect(await answers(first, 'acme/good', good)).toEqual(all(200));
    await end(first);
    world.registry.close();
    const again = await world.serve();
    const layer = await fetch(`${again.url}/v2/acme/good/blobs/${digestOf(good.layer)}`);
    expect([layer.status, Buffer.from(await layer.arrayBuffer()).equals(good.layer)]).toEqual([200, true]);
    expect(await answers(again, 'acme/good', good)).toEqual(all(200));
  });

  it(
    'shows what a signed index names, by every digest, and no layer of which it knows no signed manifest',
    PATIENT,
    async () => {
      // prettier-ignore
      const world = await start({ hasReferrers: true });
      const one = await world.image('acme/multi', 'amd64');
      const two = await world.image('acme/multi', 'arm64');
      const hidden = await world.image('acme/multi', 'hidden');
      const index = json({ schemaVersion: 2, mediaType: INDEX, manifests: [described(MANIFEST, one.manifest), described(MANIFEST, two.manifest)] }); // prettier-ignore
      world.registry.put('acme/multi', 'v1', index);
      await world.sign('acme/multi', 'ours');
      const { url } = await world.serve();
      const status = async (path: string): Promise<number> => (await fetch(`${url}/v2/acme/multi/${path}`)).status;
      expect(await status(`blobs/${digestOf(one.layer)}`)).toBe(403);
      expect(await status('manifests/v1')).toBe(200);
      for (const { manifest, layer } of [one, two]) {
        expect(await status(`manifests/${digestOf(manifest)}`)).toBe(200);
        expect(await status(`blobs/${digestOf(layer)}`)).toBe(200);
      }
      expect(await status(`manifests/${digestOf(hidden.manifest)}`)).toBe(403);
      expect(await status('manifests/hidden')).toBe(403);
      expect(await status(`blobs/${digestOf(hidden.layer)}`)).toBe(403);
    },
  );

  it('shows the signatures that count, and nothing that somebody hung beside them', PATIENT, async () => {
    const world = await start();
    const { registry } = world;
    const { manifest } = await world.image('acme/good');
    await world.sign('acme/good', 'ours', '--format', 'cosign-tag');
    const tag = `${digestOf(manifest).replace(':', '-')}.sig`;
    const signature = JSON.parse(registry.manifests.get(`acme/good@${tag}`)?.toString() ?? '{}') as { layers: { digest: string }[] }; // prettier-ignore
    const hidden = Buffer.alloc(50_000, 99);
    await world.push('acme/good', hidden);
    const simple = 'application/vnd.dev.cosign.simplesigning.v1+json';
    // One of them is the very image that it signs.
    const layers = [...signature.layers, described('application/x', hidden), described(simple, hidden), described(MANIFEST, manifest)]; // prettier-ignore
    registry.put('acme/good', tag, json({ ...signature, layers }));
    const { url } = await world.serve();
    const status = async (path: string): Promise<number> => (await fetch(`${url}/v2/acme/good/${path}`)).status;
    expect(await status(`manifests/${tag}`)).toBe(200);
    expect(await status(`blobs/${signature.layers[0]?.digest ?? ''}`)).toBe(200);
    expect(await status(`blobs/${digestOf(hidden)}`)).toBe(403);
    expect(await status(`manifests/${digestOf(manifest)}`)).toBe(200);
  });

  it('refuses an image under a signature of another, and a tag that leads to another image', PATIENT, async () => {
    const world = await start();
    const { registry } = world;
    const good = await world.image('acme/good');
    await world.sign('acme/good', 'ours', '--format', 'cosign-tag');
    const tagOf = (bytes: Buffer): string => `${digestOf(bytes).replace(':', '-')}.sig`;
    const moved = await world.image('acme/good');
    registry.put('acme/good', tagOf(moved.manifest), registry.manifests.get(`acme/good@${tagOf(good.manifest)}`) ?? Buffer.of()); // prettier-ignore
    const serving = await world.serve();
    expect(await answers(serving, 'acme/good', moved)).toEqual(all(403));
    const pinned = await fetch(`${serving.url}/v2/acme/good/manifests/${digestOf(good.manifest)}`);
    expect(pinned.status).toBe(200);
  });

  it('gives nothing while nobody can say who signed it, and makes up no refusal', PATIENT, async () => {
    const isAway = { now: true };
    const world = await start({
      instead: (_, path) => (isAway.now && /referrers|sha256-/.test(path) ? { status: 500 } : undefined),
    });
    const good = await world.image('acme/good');
    isAway.now = false;
    await world.sign('acme/good', 'ours');
    isAway.now = true;
    const { url } = await world.serve();
    expect((await fetch(`${url}/v2/acme/good/manifests/v1`)).status).toBe(503);
    isAway.now = false;
    const status = async (): Promise<number> => (await fetch(`${url}/v2/acme/good/manifests/v1`)).status;
    await expect.poll(status, { timeout: 60_000, interval: 250 }).toBe(200);
    expect((await fetch(`${url}/v2/acme/good/blobs/${digestOf(good.layer)}`)).status).toBe(200);
  });
});
