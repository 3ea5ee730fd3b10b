import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHostGate, createTransport, type Transport } from '../../net/index.js';
import {
  digestOf,
  startWritableRegistry,
  type RegistryTraits,
  type WritableRegistry,
} from '../testing/writable-registry.js';
import { attachReferrer, attachTagged, type AttachTo } from './attach.js';
import { findAttachments } from './attachments.js';
import { RegistryWriter } from './registry-writer.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const REPOSITORY = 'acme/model';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const image = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, layers: [] }));
const IMAGE = digestOf(image).slice(7);
const account = { name: 'me', password: 'se:cret' };

interface World {
  readonly registry: WritableRegistry;
  readonly to: AttachTo;
  readonly found: () => Promise<readonly string[]>;
}

function wire(): Transport {
  const transport = createTransport({});
  open.push(() => transport.close());
  return transport;
}

async function start(traits: RegistryTraits = {}, who?: typeof account): Promise<World> {
  const registry = await startWritableRegistry(traits);
  open.push(registry.close);
  registry.put(REPOSITORY, 'v1', image);
  const options = { transport: wire(), gate: createHostGate(), emit: () => undefined, patienceMs: 50 };
  const writer = new RegistryWriter({ ...options, endpoint: registry.url, account: who });
  const { signal } = new AbortController();
  const to = {
    writer,
    repository: REPOSITORY,
    mediaType: MANIFEST,
    sha256: IMAGE,
    sizeBytes: image.length,
    nowMs: 0,
    signal,
  };
  const found = async (): Promise<readonly string[]> =>
    (await findAttachments(writer.reader, REPOSITORY, IMAGE, signal)).map(({ bytes }) => bytes.toString());
  return { registry, to, found };
}

const referrer = (text: string) => ({
  ...{ artifactType: BUNDLE, configType: 'application/vnd.oci.empty.v1+json', mediaType: BUNDLE },
  ...{ bytes: Buffer.from(text), annotations: { kind: text } },
});
const layer = (text: string) => ({
  mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
  ...{ bytes: Buffer.from('payload'), annotations: { 'dev.cosignproject.cosign/signature': text } },
});
const tagged = (world: World, tag: string): unknown =>
  JSON.parse((world.registry.manifests.get(`${REPOSITORY}@${tag}`) ?? Buffer.from('null')).toString());

describe('what is attached to an image by reference', () => {
  it.each([true, false])(
    'is found again, and does not take the place of what was (a registry with a list: %s)',
    async (hasReferrers) => {
      const world = await start({ hasReferrers });
      const first = await attachReferrer(world.to, referrer('one'));
      await attachReferrer(world.to, referrer('two'));
      expect([...(await world.found())].sort()).toEqual(['one', 'two']);
      expect(world.registry.manifests.has(`${REPOSITORY}@sha256-${IMAGE}`)).toBe(!hasReferrers);
      expect(tagged(world, first)).toMatchObject({
        artifactType: BUNDLE,
        subject: { mediaType: MANIFEST, digest: `sha256:${IMAGE}`, size: image.length },
        annotations: { kind: 'one', 'org.opencontainers.image.created': '1970-01-01T00:00:00Z' },
      });
    },
  );

  it('is listed again when another signer wrote the list at the same moment', async () => {
    const world = await start();
    const theirs = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: 'x', manifests: [] }));
    const { writer } = world.to;
    const put = writer.putManifest.bind(writer);
    let isOver = false;
    writer.putManifest = async (...args) => {
      const done = await put(...args);
      const [, tag] = args;
      if (tag !== undefined && !isOver) world.registry.put(REPOSITORY, tag, theirs);
      isOver ||= tag !== undefined;
      return done;
    };
    await attachReferrer(world.to, referrer('one'));
    expect(isOver).toBe(true);
    expect(await world.found()).toEqual(['one']);
  });

  it('is not put where something else stands under the tag of referrers', async () => {
    const world = await start();
    world.registry.put(REPOSITORY, `sha256-${IMAGE}`, image);
    await expect(attachReferrer(world.to, referrer('one'))).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
    expect(tagged(world, `sha256-${IMAGE}`)).toEqual(JSON.parse(image.toString()));
  });
});

describe('what is attached under cosign’s tag', () => {
  it('stands behind what is there, once', async () => {
    const world = await start();
    for (const text of ['one', 'two', 'one']) await attachTagged(world.to, layer(text));
    expect(tagged(world, `sha256-${IMAGE}.sig`)).toMatchObject({
      layers: [{ annotations: layer('one').annotations }, { annotations: layer('two').annotations }],
    });
    expect(await world.found()).toEqual(['payload', 'payload']);
  });

  it('does not replace what is no manifest', async () => {
    const world = await start();
    world.registry.put(REPOSITORY, `sha256-${IMAGE}.sig`, Buffer.from('{"layers":1}'));
    await expect(attachTagged(world.to, layer('one'))).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  });
});

describe('a registry that wants an account', () => {
  it.each(['basic', 'bearer'] as const)('gets it where it asks for it (%s)', async (challenge) => {
    const world = await start({ account: 'me:se:cret', challenge }, account);
    await attachReferrer(world.to, referrer('one'));
    expect(await world.found()).toEqual(['one']);
    expect(world.registry.scopes.includes(`repository:${REPOSITORY}:pull,push`)).toBe(challenge === 'bearer');
  });

  it('is told apart from one that refuses to be written to', async () => {
    const anonymous = await start({ account: 'me:se:cret' });
    await expect(attachReferrer(anonymous.to, referrer('one'))).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    const readOnly = await start({ instead: (method) => (method === 'GET' ? undefined : { status: 403 }) });
    await expect(attachReferrer(readOnly.to, referrer('one'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const old = await start({
      instead: (method, path) => (method === 'PUT' && path.includes('/manifests/') ? { status: 400 } : undefined),
    });
    await expect(attachReferrer(old.to, referrer('one'))).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
  });

  it('does not get it told to others: neither to storage that takes the bytes, nor by a redirect', async () => {
    const seen: (string | undefined)[] = [];
    const storage = createServer((request, response) => {
      seen.push(request.headers.authorization);
      request.resume().on('end', () => response.writeHead(201).end());
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    open.push(() => storage.close());
    const elsewhere = `http://127.0.0.1:${(storage.address() as AddressInfo).port}/up`;
    // Once the account is known to be wanted, it goes along with everything that is the registry's own.
    const leading = async (status: number): Promise<World> => {
      let isKnown = false;
      const lead = { status, location: elsewhere };
      const instead = (method: string): typeof lead | undefined => (isKnown && method === 'POST' ? lead : undefined);
      const world = await start({ account: 'me:se:cret', instead }, account);
      await attachReferrer(world.to, referrer('before'));
      isKnown = true;
      return world;
    };
    await attachReferrer((await leading(202)).to, referrer('one'));
    expect(seen).toEqual([undefined, undefined]);
    await expect(attachReferrer((await leading(307)).to, referrer('one'))).rejects.toMatchObject({ code: 'REDIRECTS' });
    expect(seen).toHaveLength(2);
  });

  it('may have all of an upload whose answer was lost', async () => {
    let uploads = 0;
    const world = await start({
      instead: (method, path) => {
        if (method !== 'PUT' || !path.includes('/uploads/')) return undefined;
        uploads += 1;
        return uploads === 1 ? { status: 404 } : undefined;
      },
    });
    await expect(attachReferrer(world.to, referrer('one'))).rejects.toMatchObject({ exitCode: 3 });
    uploads = 0;
    (world.registry.blobs as Map<string, Buffer>).set(digestOf(Buffer.from('{}')), Buffer.from('{}'));
    await attachReferrer(world.to, referrer('one'));
    expect(await world.found()).toEqual(['one']);
  });
});
