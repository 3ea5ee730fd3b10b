import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

const running: Server[] = [];

afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

export interface TestRegistry {
  readonly url: string;
  /** Method, path and range of every request for a blob's bytes at the storage, which is another origin. */
  readonly served: readonly { readonly range: string | undefined; readonly authorization: string | undefined }[];
  /** How often a token was given out. */
  readonly tokens: number;
  /** Everything is answered with this status from now on. */
  answerWith(status: number | undefined): void;
  /** The tag means another manifest from now on. */
  tag(name: string, bytes: Buffer): void;
  readonly hits: number;
  /** A byte of every blob is sent wrong from now on, or right again. */
  spoil(isSpoilt: boolean): void;
}

export const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry that wants a token and keeps its blobs at another origin, to which it redirects. */
export async function startRegistry(
  repository: string,
  tags: Readonly<Record<string, Buffer>>,
  blobs: readonly Buffer[],
): Promise<TestRegistry> {
  const byDigest = new Map(blobs.map((bytes) => [digestOf(bytes), bytes]));
  const byTag = new Map(Object.entries(tags));
  const served: { range: string | undefined; authorization: string | undefined }[] = [];
  const state = { tokens: 0, status: undefined as number | undefined, hits: 0, isSpoilt: false };
  const storage = await listen((request, response) => {
    served.push({ range: request.headers.range, authorization: request.headers.authorization });
    const bytes = Buffer.from(byDigest.get(decodeURIComponent(request.url?.slice(1) ?? '')) ?? '');
    const middle = bytes.length >> 1;
    if (state.isSpoilt) bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    sendBytes(request, response, bytes);
  });
  const main = await listen((request, response) => {
    state.hits += 1;
    const path = request.url?.split('?')[0] ?? '/';
    if (state.status !== undefined) return void response.writeHead(state.status).end();
    if (path === '/token') {
      state.tokens += 1;
      return void response.end(JSON.stringify({ token: `t${state.tokens}`, expires_in: 300 }));
    }
    if (request.headers.authorization !== `Bearer t${state.tokens}`) {
      const challenge = `Bearer realm="${main}/token",service="test",scope="repository:${repository}:pull"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end('{}');
    }
    const [, , ...rest] = path.split('/');
    const [what, reference = ''] = rest.slice(-2);
    if (rest.slice(0, -2).join('/') !== repository) return void response.writeHead(404).end('{}');
    const manifest = byTag.get(reference) ?? [...byTag.values()].find((bytes) => digestOf(bytes) === reference);
    if (what === 'manifests' && manifest !== undefined) {
      response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json');
      return void response.end(manifest);
    }
    if (what === 'tags') return void response.end(JSON.stringify({ name: repository, tags: [...byTag.keys()] }));
    if (what !== 'blobs' || !byDigest.has(reference)) return void response.writeHead(404).end('{}');
    response.writeHead(307, { location: `${storage}/${encodeURIComponent(reference)}` }).end();
  });
  return {
    url: main,
    served,
    get tokens() {
      return state.tokens;
    },
    get hits() {
      return state.hits;
    },
    answerWith: (status) => (state.status = status),
    spoil: (isSpoilt) => (state.isSpoilt = isSpoilt),
    tag: (name, bytes) => byTag.set(name, bytes),
  };
}

function sendBytes(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (match === null) return void response.end(bytes);
  const start = Number(match[1]);
  if (start >= bytes.length) return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  const end = match[2] === '' ? bytes.length : Math.min(bytes.length, Number(match[2]) + 1);
  response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` });
  response.end(bytes.subarray(start, end));
}

async function listen(onRequest: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(onRequest);
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
