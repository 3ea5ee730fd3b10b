import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HUGGING_FACE_WORDS } from '../../src/hubs/huggingface/face/face.js';
import { seededContent, sha256Of, toContent, type Sim } from '../../src/sim/index.js';
import { hub } from './hub.js';
import { digestOf, startRegistry } from './registry.js';

/** What stands in every file that only the granted may have. */
export const SECRET = 'nobody-else-may-read-this';
const WEIGHT = seededContent({ seed: 'route', sizeBytes: 400_000 });
export const FILES = { 'config.json': `{"secret":"${SECRET}"}`, 'model.safetensors': WEIGHT };
const OID = sha256Of(toContent(WEIGHT));
export const TOKENS = { granted: `hf_${'g'.repeat(34)}`, other: `hf_${'o'.repeat(34)}` };

export interface Route {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * What is behind it: `files`, or what lets one have them; what is `told` of a repository, which a gated one tells everybody; `any`: nothing that is anybody's; `mirror`: things of public
   * upstreams, or of the server itself.
   */
  readonly guards: 'files' | 'told' | 'any' | 'mirror';
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const LFS = { 'content-type': 'application/vnd.git-lfs+json' };

/** Every route of Hugging Face for a repository, `extra` in case of those that speak of Xet. Fails where the face knows a word that is not here. */
export function huggingFaceRoutes(id: string, kind: 'model' | 'dataset' | 'space', commit: string): readonly Route[] {
  const api = `/api/${kind}s/${id}`;
  const web = kind === 'model' ? `/${id}` : `/${kind}s/${id}`;
  const get = (name: string, path: string, guards: Route['guards']): Route => ({ name, method: 'GET', path, guards });
  const words: Readonly<Record<string, Route>> = {
    revision: get('revision', `${api}/revision/main`, 'told'),
    tree: get('tree', `${api}/tree/main?recursive=true`, 'told'),
    'paths-info': { name: 'paths-info', method: 'POST', path: `${api}/paths-info/main`, guards: 'told', headers: FORM, body: 'paths=config.json' }, // prettier-ignore
    treesize: get('treesize', `${api}/treesize/main`, 'told'),
    refs: get('refs', `${api}/refs`, 'told'),
    commits: get('commits', `${api}/commits/main`, 'told'),
    'auth-check': get('auth-check', `${api}/auth-check`, 'files'),
    'xet-read-token': get('xet-read-token', `${api}/xet-read-token/main`, 'files'),
  };
  const missing = HUGGING_FACE_WORDS.filter((word) => !Object.hasOwn(words, word));
  if (missing.length > 0) throw new Error(`no routes for ${missing.join(', ')}`);
  const batch = JSON.stringify({ operation: 'download', objects: [{ oid: OID, size: 400_000 }] });
  return [
    get('info', api, 'told'),
    ...Object.values(words),
    get('resolve small', `${web}/resolve/main/config.json`, 'files'),
    get('resolve large', `${web}/resolve/main/model.safetensors`, 'files'),
    get('resolve by commit', `${web}/resolve/${commit}/config.json`, 'files'),
    get('resolve-cache', `/api/resolve-cache/${kind}s/${id}/${commit}/config.json`, 'files'),
    get('raw small', `${web}/raw/main/config.json`, 'files'),
    get('raw large', `${web}/raw/main/model.safetensors`, 'files'),
    { name: 'lfs batch', method: 'POST', path: `${web}.git/info/lfs/objects/batch`, guards: 'files', headers: LFS, body: batch }, // prettier-ignore
    get('lfs object', `${web}.git/info/lfs/objects/${OID}?commit=${commit}`, 'files'),
    get('lfs object anywhere', `${web}/info/lfs/objects/${OID}`, 'files'),
  ];
}

/** Every route of ModelScope for a repository. */
export function modelScopeRoutes(id: string): readonly Route[] {
  const api = `/api/v1/models/${id}`;
  const get = (name: string, rest: string, guards: Route['guards']): Route => ({ name: `ms ${name}`, method: 'GET', path: api + rest, guards }); // prettier-ignore
  return [
    get('info', '', 'told'),
    get('revisions', '/revisions', 'told'),
    get('listing', '/repo/files?Revision=master&Recursive=True', 'told'),
    get('file', '/repo?Revision=master&FilePath=config.json', 'files'),
    get('large file', '/repo?Revision=master&FilePath=model.safetensors', 'files'),
  ];
}

/** What belongs to no repository of a hub: registries, sites, and the server's own. */
export function otherRoutes(blob: string, wheel: string): readonly Route[] {
  const get = (path: string, guards: Route['guards'] = 'mirror'): Route => ({
    name: path,
    method: 'GET',
    path,
    guards,
  });
  return [
    get('/v2/'),
    get('/v2/acme/model/manifests/v1'),
    get(`/v2/acme/model/blobs/${blob}`),
    get('/v2/acme/model/tags/list'),
    get(`/v2/acme/model/referrers/${blob}`),
    get('/v2/acme/model/manifests/none'),
    get('/-/py/simple/a/'),
    get(`/-/py/${wheel}`),
    get('/-/py/simple/none/'),
    get('/-/metrics'),
    get('/-/api/v1/keys'),
    get('/-/api/v1/pieces/hf/acme/none/main'),
    get('/api/v1/repos/internalAccelerationInfo'),
    get('/api/models?search=open'),
    get('/api/datasets'),
    get('/api/whoami-v2'),
  ];
}

export interface World {
  readonly sim: Sim;
  /** Hosts that no answer may name. */
  readonly hosts: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly other: readonly Route[];
  close(): void;
}

/** A hub with an open, a gated and a private repository, a registry, and an index of packages. */
export async function openWorld(): Promise<World> {
  const own = { files: FILES, tokens: [TOKENS.granted] };
  const sim = await hub({
    repositories: [
      { id: 'acme/open', files: FILES },
      { id: 'acme/gated', gated: true, ...own },
      { id: 'acme/private', private: true, ...own },
      { id: 'acme/gated', kind: 'dataset', gated: true, ...own },
      { id: 'acme/private', kind: 'space', private: true, ...own },
    ],
    users: { [TOKENS.granted]: 'ann', [TOKENS.other]: 'bob' },
    xet: {},
  });
  const layer = Buffer.from('a layer of an image');
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, layers: [] }));
  const registry = await startRegistry('acme/model', { v1: manifest }, [layer]);
  const wheel = Buffer.from('a wheel');
  const sha256 = createHash('sha256').update(wheel).digest('hex');
  const index = createServer((request, response) => {
    const { url = '' } = request;
    response.setHeader('content-type', url.startsWith('/simple/') ? 'text/html' : 'application/octet-stream');
    if (url === '/simple/a/') return void response.end(`<a href="http://${request.headers.host ?? ''}/packages/a.whl#sha256=${sha256}">a</a>`); // prettier-ignore
    if (url === '/packages/a.whl') return void response.writeHead(200, { 'content-length': wheel.length }).end(request.method === 'HEAD' ? undefined : wheel); // prettier-ignore
    response.writeHead(404).end(`nothing at http://${request.headers.host ?? ''}`);
  });
  await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(index.address() as AddressInfo).port}`;
  return {
    sim,
    hosts: [...[sim.url, sim.cdnUrl, sim.casUrl, registry.url].map((url) => new URL(url).host), host],
    args: ['--registry', `docker.io=${registry.url}`, '--site', `py=pypi:http://${host}`],
    env: { HF_ENDPOINT: sim.url, MODELSCOPE_ENDPOINT: sim.url },
    other: otherRoutes(digestOf(layer), `files/sha256-${sha256}/${host.replace(':', '~')}/packages/a.whl`),
    close: () => {
      index.closeAllConnections();
      index.close();
    },
  };
}
