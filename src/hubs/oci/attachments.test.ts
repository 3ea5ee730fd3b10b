import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHostGate, createTransport } from '../../net/index.js';
import { findAttachments } from './attachments.js';
import { Registry } from './registry.js';

const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const IMAGE = 'a'.repeat(64);
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const signature = json({ a: 'bundle' });
const attached = json({ artifactType: BUNDLE, layers: [{ mediaType: BUNDLE, digest: `sha256:${sha256(signature)}` }] });
const entry = { artifactType: BUNDLE, digest: `sha256:${sha256(attached)}` };
const PLACES = { referrers: `referrers/sha256:${IMAGE}`, tag: `manifests/sha256-${IMAGE}` };
const FOUND = { [`manifests/sha256:${sha256(attached)}`]: attached, [`blobs/sha256:${sha256(signature)}`]: signature };

/** What is found where a registry answers so; a `?p=1` stands for itself. */
async function found(answers: Readonly<Record<string, Buffer>>, next?: string): Promise<readonly Buffer[]> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace('/v2/acme/model/', '');
    const body = answers[path];
    if (next !== undefined && path === PLACES.referrers) response.setHeader('link', `<${next}>; rel="next"`);
    response.writeHead(body === undefined ? 404 : 200).end(body ?? '{}');
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = createTransport({});
  try {
    const registry = new Registry({ endpoint, transport, gate: createHostGate(), emit: () => undefined });
    const all = await findAttachments(registry, 'acme/model', IMAGE, new AbortController().signal);
    return all.map(({ bytes }) => bytes);
  } finally {
    await transport.close();
  }
}

describe('the signatures of an image', () => {
  it('are found among its referrers, on their later pages, and by the tag where a registry lists none', async () => {
    expect(await found({ ...FOUND, [PLACES.referrers]: json({ manifests: [entry] }) })).toEqual([signature]);
    const pages = { [PLACES.referrers]: json({ manifests: [] }), [`${PLACES.referrers}?p=1`]: json({ manifests: [entry] }) }; // prettier-ignore
    expect(await found({ ...FOUND, ...pages }, '?p=1')).toEqual([signature]);
    expect(await found({ ...FOUND, [PLACES.tag]: json({ manifests: [entry] }) })).toEqual([signature]);
    expect(await found({})).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, Buffer>>]>([
    ['a list that is none', { [PLACES.referrers]: json({ errors: [] }) }],
    ['a list that is no JSON', { [PLACES.referrers]: Buffer.from('<html>') }],
    ['a list with an entry that is none', { [PLACES.referrers]: json({ manifests: [entry, 1] }) }],
    ['a tag that means nothing', { [PLACES.tag]: json([]) }],
    ['a signature’s manifest that is none', { [`${PLACES.tag}.sig`]: json({ layers: {} }) }],
  ])('are not said to be none for %s', async (_, answers) => {
    await expect(found({ ...FOUND, ...answers })).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  });
});
