import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WritableRegistry {
  readonly url: string;
  readonly host: string;
  /** `host/repository:tag` and `sha256:…` → manifest. */
  readonly manifests: ReadonlyMap<string, Buffer>;
  readonly blobs: ReadonlyMap<string, Buffer>;
  /** Method, path and credentials of everything that was asked, in order. */
  readonly asked: readonly string[];
  /** Tokens that were given out, as their scopes. */
  readonly scopes: readonly string[];
  readonly put: (repository: string, tag: string, manifest: Buffer) => string;
  readonly close: () => void;
}

export interface RegistryTraits {
  /** Lists referrers itself (OCI 1.1), else only stores what it is given. */
  readonly hasReferrers?: boolean;
  /** `name:password`, that Basic or its token service wants. */
  readonly account?: string;
  readonly challenge?: 'basic' | 'bearer';
  /** Answers instead, when it gives a status. */
  readonly instead?: (
    method: string,
    path: string,
  ) => { readonly status: number; readonly location?: string } | undefined;
}

export const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry that takes uploads (OCI distribution 1.1), in memory; shares no code with the client. */
export async function startWritableRegistry(traits: RegistryTraits = {}): Promise<WritableRegistry> {
  const manifests = new Map<string, Buffer>();
  const types = new Map<string, string>();
  const blobs = new Map<string, Buffer>();
  const asked: string[] = [];
  const scopes: string[] = [];
  const uploads = new Set<string>();
  let url = '';

  const store = (repository: string, reference: string, bytes: Buffer, type = typeIn(bytes)): string => {
    const digest = digestOf(bytes);
    for (const name of new Set([reference, digest])) manifests.set(`${repository}@${name}`, bytes);
    types.set(digest, type);
    return digest;
  };

  const admit = (request: IncomingMessage, response: ServerResponse, repository: string): boolean => {
    const { account, challenge = 'basic' } = traits;
    const given = request.headers.authorization ?? '';
    const push = request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'push';
    if (account === undefined) return true;
    if (challenge === 'basic' && given === basicOf(account)) return true;
    if (challenge === 'bearer' && given.startsWith('Bearer ') && given.includes(push)) return true;
    const realm =
      challenge === 'basic'
        ? 'Basic realm="x"'
        : `Bearer realm="${url}/token",service="x",scope="repository:${repository}:pull"`;
    response.writeHead(401, { 'www-authenticate': realm }).end('{}');
    return false;
  };

  const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const method = request.method ?? '';
    asked.push(`${method} ${pathname} ${request.headers.authorization ?? ''}`.trim());
    const other = traits.instead?.(method, pathname);
    if (other !== undefined) {
      if (other.location !== undefined) response.setHeader('location', other.location);
      return void response.writeHead(other.status).end('{"message":"not here"}');
    }
    if (pathname === '/token') {
      if (request.headers.authorization !== basicOf(traits.account ?? ''))
        return void response.writeHead(401).end('{}');
      scopes.push(searchParams.get('scope') ?? '');
      return void response.end(
        JSON.stringify({ token: (searchParams.get('scope') ?? '').replaceAll(':', '.'), expires_in: 300 }),
      );
    }
    const match = /^\/v2\/(.+)\/(manifests|blobs|referrers)\/(.*)$/.exec(pathname);
    const [, repository = '', kind = '', rest = ''] = match ?? [];
    if (match === null) return void response.writeHead(404).end('{}');
    if (!admit(request, response, repository)) return;
    if (kind === 'blobs' && method === 'POST') {
      const id = `${uploads.size}`;
      uploads.add(id);
      return void response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/${id}?state=x` }).end();
    }
    if (kind === 'blobs' && method === 'PUT') {
      const [, id = ''] = rest.split('/');
      const isRight =
        uploads.delete(id) && searchParams.get('state') === 'x' && searchParams.get('digest') === digestOf(body);
      if (isRight) blobs.set(digestOf(body), body);
      return void response.writeHead(isRight ? 201 : 404).end('{}');
    }
    if (kind === 'manifests' && method === 'PUT') {
      const digest = store(repository, rest, body, request.headers['content-type']);
      const { subject } = JSON.parse(body.toString()) as { subject?: { digest: string } };
      const known = traits.hasReferrers === true && subject !== undefined ? { 'oci-subject': subject.digest } : {};
      return void response.writeHead(201, { 'docker-content-digest': digest, ...known }).end();
    }
    const found =
      kind === 'blobs'
        ? blobs.get(rest)
        : kind === 'referrers'
          ? listed(repository, rest)
          : manifests.get(`${repository}@${rest}`);
    if (found === undefined) return void response.writeHead(404).end('{}');
    if (kind === 'manifests') response.setHeader('content-type', types.get(digestOf(found)) ?? '');
    response.writeHead(200, { 'content-length': found.length }).end(found);
  };

  const listed = (repository: string, digest: string): Buffer | undefined => {
    if (traits.hasReferrers !== true) return undefined;
    const all = [...manifests].filter(([name]) => name.startsWith(`${repository}@sha256:`)).map(([, bytes]) => bytes);
    const refer = all.filter(
      (bytes) => (JSON.parse(bytes.toString()) as { subject?: { digest: string } }).subject?.digest === digest,
    );
    const described = refer.map((bytes) => ({
      digest: digestOf(bytes),
      size: bytes.length,
      ...(JSON.parse(bytes.toString()) as { artifactType?: string }),
    }));
    return Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        manifests: described.map(({ digest: one, artifactType }) => ({ digest: one, artifactType })),
      }),
    );
  };

  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url = `http://${host}`;
  return {
    ...{ url, host, manifests, blobs, asked, scopes },
    put: (repository, tag, manifest) => store(repository, tag, manifest),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const basicOf = (account: string): string => `Basic ${Buffer.from(account).toString('base64')}`;

function typeIn(manifest: Buffer): string {
  return (JSON.parse(manifest.toString()) as { mediaType?: string }).mediaType ?? '';
}
