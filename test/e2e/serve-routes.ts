import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  HUGGING_FACE_FILE_WORDS,
  HUGGING_FACE_HUB_WORDS,
  HUGGING_FACE_WORDS,
} from '../../src/hubs/huggingface/face/face.js';
import { LFS_ANSWERS } from '../../src/hubs/huggingface/face/lfs.js';
import { SITE_KINDS } from '../../src/hubs/indexes/parse-site.js';
import { MODEL_SCOPE_KINDS, MODEL_SCOPE_PATHS } from '../../src/hubs/modelscope/face/route.js';
import { IMAGE_WORDS } from '../../src/hubs/oci/face/route.js';
import { XET_PATHS } from '../../src/hubs/xet/face/content-service.js';
import { OWN_ROUTES } from '../../src/server/own-routes.js';
import { seededContent, sha256Of, toContent, type Sim } from '../../src/sim/index.js';
import { hub } from './hub.js';
import { digestOf, startRegistry } from './registry.js';

const PROBES = ['healthz', 'readyz'];
const SITES: Readonly<Record<string, string>> = { pypi: 'py', npm: 'js', debian: 'deb', files: 'any' };

/** What stands in every file that only the granted may have. */
export const SECRET = 'nobody-else-may-read-this';
const WEIGHT = seededContent({ seed: 'route', sizeBytes: 400_000 });
export const FILES = { 'config.json': `{"secret":"${SECRET}"}`, 'model.safetensors': WEIGHT };
const OID = sha256Of(toContent(WEIGHT));
export const TOKENS = { granted: `hf_${'g'.repeat(34)}`, other: `hf_${'o'.repeat(34)}` };

export interface Route {
  readonly name: string;
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

/** Fails where a face knows a route that no test asks. */
function insistOn(known: readonly string[], isAsked: (route: string) => boolean): void {
  const missing = known.filter((route) => !isAsked(route));
  if (missing.length > 0) throw new Error(`no routes for ${missing.join(', ')}`);
}

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
  insistOn(HUGGING_FACE_WORDS, (word) => Object.hasOwn(words, word));
  insistOn(HUGGING_FACE_FILE_WORDS, (word) => ['resolve', 'raw'].includes(word));
  const batch = JSON.stringify({ operation: 'download', objects: [{ oid: OID, size: 400_000 }] });
  const routes = [
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
  ] satisfies readonly Route[];
  insistOn(LFS_ANSWERS, (what) => routes.some(({ name }) => name.startsWith(`lfs ${what}`)));
  return routes;
}

/** Every route of ModelScope for a repository. Fails where the face knows a path that is not here. */
export function modelScopeRoutes(id: string, kind: 'model' | 'dataset' = 'model'): readonly Route[] {
  const api = `/api/v1/${kind}s/${id}`;
  const get = (name: string, rest: string, guards: Route['guards']): Route => ({ name: `ms ${name}`, method: 'GET', path: api + rest, guards }); // prettier-ignore
  const routes = [
    get('info', '', 'told'),
    get('revisions', '/revisions', 'told'),
    get('listing', '/repo/files?Revision=master&Recursive=True', 'told'),
    get('tree', '/repo/tree?Revision=master&Recursive=True', 'told'),
    get('file', '/repo?Revision=master&FilePath=config.json', 'files'),
    get('large file', '/repo?Revision=master&FilePath=model.safetensors', 'files'),
  ];
  insistOn(MODEL_SCOPE_KINDS, (word) => ['models', 'datasets'].includes(word));
  insistOn(MODEL_SCOPE_PATHS, (word) => routes.some(({ path }) => path.split('?')[0] === `${api}/${word}`.replace(/\/$/, ''))); // prettier-ignore
  return routes;
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
  const make = (name: string, path: string, method: Route['method'] = 'GET'): Route => ({ name: `xet ${name}`, method, path: `/-/xet${path}`, guards: 'files', headers }); // prettier-ignore
  const routes = [
    make('reconstruction 1', `/v1/reconstructions/${fileId}`),
    make('reconstruction 2', `/v2/reconstructions/${fileId}`),
    make('batch', `/v1/reconstructions?file_id=${fileId}`),
    { ...make('batch by POST', '/v1/reconstructions', 'POST'), body: JSON.stringify([{ hash: fileId }]) },
    make('xorb', `/xorbs/default/${xorb.id}${xorb.query}`),
    make('file', `/v1/files/${fileId}`, 'HEAD'),
  ];
  const paths = routes.map(({ path }) => path.slice('/-/xet'.length).split('?')[0] ?? '');
  insistOn(Object.keys(XET_PATHS), (name) => paths.some((path) => XET_PATHS[name as keyof typeof XET_PATHS].test(path))); // prettier-ignore
  return routes;
}

const OLLAMA = { 'user-agent': 'ollama/0.12.0 (amd64 linux) Go/go1.24.1' };

/** What belongs to no repository of a hub: registries, sites, and the server's own. Fails where a face knows a route that is not here. */
export function otherRoutes(blob: string, wheel: string): readonly Route[] {
  const get = (path: string, guards: Route['guards'] = 'mirror'): Route => ({
    name: path,
    method: 'GET',
    path,
    guards,
  });
  const ollama = (path: string): Route => ({ ...get(path), name: `ollama ${path}`, headers: OLLAMA });
  const routes = [
    get('/v2/'),
    ollama('/v2/acme/model/manifests/v1'),
    ollama(`/v2/acme/model/blobs/${blob}`),
    ollama('/v2/acme/model/manifests/none'),
    get('/v2/acme/model/manifests/v1'),
    get(`/v2/acme/model/blobs/${blob}`),
    get('/v2/acme/model/tags/list'),
    get(`/v2/acme/model/referrers/${blob}`),
    get('/v2/acme/model/manifests/none'),
    get('/-/py/simple/a/'),
    get(`/-/py/${wheel}`),
    get('/-/py/simple/none/'),
    get('/-/js/a'),
    get('/-/js/a/-/a-1.0.0.tgz'),
    get('/-/js/none'),
    get('/-/deb/dists/stable/InRelease'),
    get('/-/deb/dists/none/InRelease'),
    get('/-/any/packages/a.whl'),
    get('/-/any/packages/none.whl'),
    get('/-/metrics'),
    get('/-/api/v1/keys'),
    get('/-/api/v1/pieces/hf/acme/none/main'),
    get('/api/v1/repos/internalAccelerationInfo'),
    get('/api/models?search=open'),
    get('/api/datasets'),
    get('/api/whoami-v2'),
  ];
  const asked = (prefix: string): boolean => routes.some(({ path }) => path.startsWith(prefix));
  insistOn(IMAGE_WORDS, (word) => asked(`/v2/acme/model/${word}/`));
  insistOn(SITE_KINDS, (kind) => asked(`/-/${SITES[kind]}/`));
  // Probes are for anybody, and the commit-pinned files of a repository are asked with it.
  insistOn(OWN_ROUTES, (name) => asked(`/-/${name}`) || PROBES.includes(name));
  insistOn(HUGGING_FACE_HUB_WORDS, (word) => asked(`/api/${word}`) || word === 'resolve-cache');
  return routes;
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
