import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { seededContent, sha256Of, toContent, type Sim } from '../../src/sim/index.js';
import { hub } from './hub.js';
import { digestOf, startRegistry } from './registry.js';

const SITES: Readonly<Record<string, string>> = { pypi: 'py', npm: 'js', debian: 'deb', files: 'any' };

/** What stands in every file that only the granted may have. */
export const SECRET = 'nobody-else-may-read-this';
const WEIGHT = seededContent({ seed: 'route', sizeBytes: 400_000 });
export const FILES = { 'config.json': `{"secret":"${SECRET}"}`, 'model.safetensors': WEIGHT };
/** SHA-256 of the weight. */
export const OID = sha256Of(toContent(WEIGHT));
export const TOKENS = { granted: `hf_${'g'.repeat(34)}`, other: `hf_${'o'.repeat(34)}` };

export interface Route {
  readonly name: string;
  /** The router's own name for it: the template of its path. */
  readonly route: string;
  readonly method: 'GET' | 'HEAD' | 'POST';
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

/** Every route of Hugging Face for a repository. */
export function huggingFaceRoutes(id: string, kind: 'model' | 'dataset' | 'space', commit: string): readonly Route[] {
  const api = `/api/${kind}s/${id}`;
  const web = kind === 'model' ? `/${id}` : `/${kind}s/${id}`;
  const get = (name: string, route: string, path: string, guards: Route['guards']): Route => ({ name, route, method: 'GET', path, guards }); // prettier-ignore
  const told = (word: string, rest = '', more = ''): Route => get(word, `/api/{kind}/{repository}/${word}${rest}`, `${api}/${word}${rest.replace('{revision}', 'main')}${more}`, 'told'); // prettier-ignore
  const file = (name: string, word: string, below: string): Route => get(name, `/{repository}/${word}/{revision}/{file}`, `${web}/${word}/${below}`, 'files'); // prettier-ignore
  const lfs = '/{repository}.git/info/lfs/objects';
  const batch = JSON.stringify({ operation: 'download', objects: [{ oid: OID, size: 400_000 }] });
  return [
    get('info', '/api/{kind}/{repository}', api, 'told'),
    told('revision', '/{revision}'),
    told('tree', '/{revision}', '?recursive=true'),
    { ...told('paths-info', '/{revision}'), method: 'POST', headers: FORM, body: 'paths=config.json' },
    told('treesize', '/{revision}'),
    told('refs'),
    told('commits', '/{revision}'),
    { ...told('auth-check'), guards: 'files' },
    { ...told('xet-read-token', '/{revision}'), guards: 'files' },
    file('resolve small', 'resolve', 'main/config.json'),
    file('resolve large', 'resolve', 'main/model.safetensors'),
    file('resolve by commit', 'resolve', `${commit}/config.json`),
    get('resolve-cache', '/api/resolve-cache/{kind}/{repository}/{commit}/{file}', `/api/resolve-cache/${kind}s/${id}/${commit}/config.json`, 'files'), // prettier-ignore
    file('raw small', 'raw', 'main/config.json'),
    file('raw large', 'raw', 'main/model.safetensors'),
    { name: 'lfs batch', route: `${lfs}/batch`, method: 'POST', path: `${web}.git/info/lfs/objects/batch`, guards: 'files', headers: LFS, body: batch }, // prettier-ignore
    get('lfs object', `${lfs}/{oid}`, `${web}.git/info/lfs/objects/${OID}?commit=${commit}`, 'files'),
    get('lfs object anywhere', `${lfs}/{oid}`, `${web}/info/lfs/objects/${OID}`, 'files'),
  ];
}

/** Every route of ModelScope for a repository, also when it is asked for by a number. */
export function modelScopeRoutes(id: string, kind: 'model' | 'dataset' = 'model', number?: number): readonly Route[] {
  const [api, template] = [`/api/v1/${kind}s/${number ?? id}`, `/api/v1/${kind}s/${number === undefined ? '{repository}' : '{number}'}`]; // prettier-ignore
  const get = (name: string, below: string, query: string, guards: Route['guards']): Route => ({ name: `ms ${name}`, route: template + below, method: 'GET', path: api + below + query, guards }); // prettier-ignore
  return [
    get('info', '', '', 'told'),
    get('revisions', '/revisions', '', 'told'),
    get('listing', '/repo/files', '?Revision=master&Recursive=True', 'told'),
    get('tree', '/repo/tree', '?Revision=master&Recursive=True', 'told'),
    get('file', '/repo', '?Revision=master&FilePath=config.json', 'files'),
    get('large file', '/repo', '?Revision=master&FilePath=model.safetensors', 'files'),
  ];
}

/**
 * Every route of Xet for a file, `opened` by a token of the mirror's own. They let nobody in who shows another one, and their addresses carry what lets one in.
 */
export function xetRoutes(
  fileId: string,
  xorb: { readonly id: string; readonly query: string },
  opened?: string,
): readonly Route[] {
  const headers = opened === undefined ? {} : { authorization: `Bearer ${opened}` };
  const make = (name: string, below: string, more = '', method: Route['method'] = 'GET'): Route => ({ name: `xet ${name}`, route: `/-/xet${below}`, method, path: `/-/xet${below.replace('{file}', fileId).replace('{xorb}', xorb.id)}${more}`, guards: 'files', headers }); // prettier-ignore
  return [
    ...['', '/v1', '/v2'].flatMap((version) => [
      make(`reconstruction ${version}`, `${version}/reconstructions/{file}`),
      make(`old reconstruction ${version}`, `${version}/reconstruction/{file}`),
    ]),
    make('batch', '/v1/reconstructions', `?file_id=${fileId}`),
    { ...make('batch by POST', '/v1/reconstructions', '', 'POST'), body: JSON.stringify([{ hash: fileId }]) },
    make('xorb', '/xorbs/default/{xorb}', xorb.query),
    make('file', '/v1/files/{file}', '', 'HEAD'),
  ];
}

const OLLAMA = { 'user-agent': 'ollama/0.12.0 (amd64 linux) Go/go1.24.1' };

/** What belongs to no repository of a hub: registries, sites, and the server's own. */
export function otherRoutes(blob: string, wheel: string): readonly Route[] {
  const get = (route: string, ...paths: readonly string[]): readonly Route[] => paths.map((path) => ({ name: path, route, method: 'GET', path, guards: 'mirror' })); // prettier-ignore
  const ollama = (route: string, ...paths: readonly string[]): readonly Route[] => get(route, ...paths).map((each) => ({ ...each, name: `ollama ${each.path}`, headers: OLLAMA })); // prettier-ignore
  const [manifests, blobs] = ['/v2/{name}/manifests/{reference}', '/v2/{name}/blobs/{digest}'];
  return [
    ...get('/v2/', '/v2/'),
    ...ollama(manifests, '/v2/acme/model/manifests/v1'),
    ...ollama(blobs, `/v2/acme/model/blobs/${blob}`),
    ...ollama(manifests, '/v2/acme/model/manifests/none'),
    ...get(manifests, '/v2/acme/model/manifests/v1'),
    ...get(blobs, `/v2/acme/model/blobs/${blob}`),
    ...get('/v2/{name}/tags/list', '/v2/acme/model/tags/list'),
    ...get('/v2/{name}/referrers/{digest}', `/v2/acme/model/referrers/${blob}`),
    ...get(manifests, '/v2/acme/model/manifests/none'),
    ...get('/-/{pypi}/{page}', '/-/py/simple/a/'),
    ...get('/-/{pypi}/files/{link}', `/-/py/${wheel}`),
    ...get('/-/{pypi}/{page}', '/-/py/simple/none/'),
    ...get('/-/{npm}/{package}', '/-/js/a'),
    ...get('/-/{npm}/{package}/-/{tarball}', '/-/js/a/-/a-1.0.0.tgz'),
    ...get('/-/{npm}/{package}', '/-/js/none'),
    ...get('/-/{debian}/{release}', '/-/deb/dists/stable/InRelease', '/-/deb/dists/none/InRelease'),
    ...get('/-/{files}/{file}', '/-/any/packages/a.whl', '/-/any/packages/none.whl'),
    ...get('/-/metrics', '/-/metrics'),
    ...get('/-/api/v1/keys', '/-/api/v1/keys'),
    ...get('/-/api/v1/pieces/{hub}/{repository}/{revision}', '/-/api/v1/pieces/hf/acme/none/main'),
    ...get('/api/v1/{area}/internalAccelerationInfo', '/api/v1/repos/internalAccelerationInfo'),
    ...get('/api/{kind}', '/api/models?search=open', '/api/datasets'),
    ...get('/api/whoami-v2', '/api/whoami-v2'),
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
      { id: 'acme/private', kind: 'dataset', private: true, ...own },
      { id: 'acme/private', kind: 'space', private: true, ...own },
    ],
    users: { [TOKENS.granted]: 'ann', [TOKENS.other]: 'bob' },
    xet: {},
  });
  const layer = Buffer.from('a layer of an image');
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, layers: [] }));
  const registry = await startRegistry('acme/model', { v1: manifest }, [layer]);
  // One that is asked for the same as another name: each has tokens of its own.
  const ollama = await startRegistry('acme/model', { v1: manifest }, [layer]);
  const wheel = Buffer.from('a wheel');
  const sha256 = createHash('sha256').update(wheel).digest('hex');
  const shasum = createHash('sha1').update(wheel).digest('hex');
  const index = createServer((request, response) => {
    const { url = '' } = request;
    response.setHeader('content-type', url.startsWith('/simple/') ? 'text/html' : 'application/octet-stream');
    if (url === '/simple/a/') return void response.end(`<a href="http://${request.headers.host ?? ''}/packages/a.whl#sha256=${sha256}">a</a>`); // prettier-ignore
    if (url === '/a') return void response.setHeader('content-type', 'application/json').end(JSON.stringify({ name: 'a', versions: { '1.0.0': { dist: { tarball: `http://${request.headers.host ?? ''}/a/-/a-1.0.0.tgz`, shasum } } } })); // prettier-ignore
    if (url === '/dists/stable/InRelease') return void response.end('Suite: stable\n');
    if (url === '/a/-/a-1.0.0.tgz' || url === '/packages/a.whl') return void response.writeHead(200, { 'content-length': wheel.length }).end(request.method === 'HEAD' ? undefined : wheel); // prettier-ignore
    response.writeHead(404).end(`nothing at http://${request.headers.host ?? ''}`);
  });
  await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(index.address() as AddressInfo).port}`;
  return {
    sim,
    hosts: [...[sim.url, sim.cdnUrl, sim.casUrl, registry.url, ollama.url].map((url) => new URL(url).host), host],
    args: [
      ...['--registry', `docker.io=${registry.url}`, '--registry', `ollama=${ollama.url}`],
      ...Object.entries(SITES).flatMap(([kind, name]) => ['--site', `${name}=${kind}:http://${host}`]),
    ],
    env: { HF_ENDPOINT: sim.url, MODELSCOPE_ENDPOINT: sim.url },
    other: otherRoutes(digestOf(layer), `files/sha256-${sha256}/${host.replace(':', '~')}/packages/a.whl`),
    close: () => {
      index.closeAllConnections();
      index.close();
    },
  };
}
