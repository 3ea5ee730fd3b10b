import { SluiceError, toSluiceError } from '../../../base/index.js';
import type { Face, FaceReply, FaceRequest } from '../../face.js';
import { parseDigest } from '../names.js';
import type { ImageCatalogue, KeptTags } from '../port.js';
import { errorReply, replyFor } from './errors.js';
import { ANY_METHOD, READING, type Route } from '../../routes.js';
import { parseImageRoute, type ImageRoute, type ImageWord } from './route.js';

export interface OciFaceOptions {
  /** Registries that this mirror speaks for, by host. */
  readonly isKnown: (registry: string) => boolean;
}

const API_VERSION = { 'docker-distribution-api-version': 'registry/2.0' };
/** The registry that those who speak of `library/llama3` mean, told by who asks. */
const OLLAMA_AGENT = /^ollama\//i;

const WELCOME: Route = { path: '/v2/', methods: ANY_METHOD };

interface OciRoute extends Route {
  /** What an error is called where nothing was found. */
  readonly unknown: Parameters<typeof replyFor>[1];
  readonly answer: (catalogue: ImageCatalogue, route: ImageRoute, request: FaceRequest) => Promise<FaceReply>;
}

const ROUTES: Readonly<Record<ImageWord, OciRoute>> = {
  manifests: { path: '/v2/{name}/manifests/{reference}', methods: READING, unknown: 'MANIFEST_UNKNOWN', answer: answerManifest }, // prettier-ignore
  blobs: { path: '/v2/{name}/blobs/{digest}', methods: READING, unknown: 'BLOB_UNKNOWN', answer: answerBlob },
  tags: { path: '/v2/{name}/tags/list', methods: READING, unknown: 'NAME_UNKNOWN', answer: answerTags },
  referrers: { path: '/v2/{name}/referrers/{digest}', methods: READING, unknown: 'MANIFEST_UNKNOWN', answer: answerReferrers }, // prettier-ignore
};

/** The reading half of a registry (OCI distribution 1.1), for containerd, Docker and ORAS as a mirror, and for Ollama. */
export function createOciFace(catalogue: ImageCatalogue, options: OciFaceOptions): Face {
  return {
    name: 'oci',
    routes: [WELCOME, ...Object.values(ROUTES)],
    answer: (request) => {
      const { path } = request;
      if (path === '/v2' || path === WELCOME.path) return Promise.resolve(welcome());
      if (!path.startsWith(WELCOME.path)) return undefined;
      return answerPath(catalogue, options, request);
    },
  };
}

function welcome(): FaceReply {
  return { status: 200, headers: { 'content-type': 'application/json', ...API_VERSION }, body: '{}' };
}

async function answerPath(
  catalogue: ImageCatalogue,
  { isKnown }: OciFaceOptions,
  request: FaceRequest,
): Promise<FaceReply> {
  const isOllama = OLLAMA_AGENT.test(request.headers['user-agent'] ?? '');
  const route = parseImageRoute(request.path.slice(WELCOME.path.length), {
    namespace: request.query.get('ns') ?? undefined,
    isKnown,
    usual: isOllama ? 'ollama' : 'docker.io',
  });
  const methods = route === undefined ? READING : ROUTES[route.what].methods;
  if (!methods.includes(request.method)) return errorReply(405, 'UNSUPPORTED', 'This mirror is read-only.');
  if (route === undefined) return errorReply(404, 'NAME_UNKNOWN', 'No repository of this name is known here.');
  try {
    const reply = await ROUTES[route.what].answer(catalogue, route, request);
    return { ...reply, headers: { ...API_VERSION, ...reply.headers } };
  } catch (thrown) {
    return replyFor(toSluiceError(thrown), ROUTES[route.what].unknown);
  }
}

async function answerManifest(
  catalogue: ImageCatalogue,
  { name, reference }: ImageRoute,
  { headers, signal }: FaceRequest,
): Promise<FaceReply> {
  const manifest = await catalogue.manifest(name, reference, headers.accept, signal);
  const digest = `sha256:${manifest.sha256}`;
  const { mediaType, bytes } = manifest;
  const known = { 'docker-content-digest': digest, etag: `"${digest}"`, ...cacheHeaders(manifest) };
  return {
    status: 200,
    headers: { ...known, 'content-type': mediaType },
    body: bytes,
  };
}

async function answerBlob(
  catalogue: ImageCatalogue,
  { name, reference }: ImageRoute,
  { signal, publicUrl, path, query }: FaceRequest,
): Promise<FaceReply> {
  const sha256 = parseDigest(reference);
  if (sha256 === undefined) return errorReply(400, 'DIGEST_INVALID', 'Only sha256 digests are known here.');
  const content = await catalogue.blob(name, sha256, signal);
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'docker-content-digest': reference,
      etag: `"${reference}"`,
      'x-cache-status': content.status,
      // Ollama takes the address of its parallel ranges from here, and fails where there is none.
      location: `${publicUrl}${path}${search}`,
    },
    content,
  };
}

async function answerTags(
  catalogue: ImageCatalogue,
  { name, reference }: ImageRoute,
  { query, signal, publicUrl, path }: FaceRequest,
): Promise<FaceReply> {
  if (reference !== 'list') throw new SluiceError('FILE_NOT_FOUND', { host: 'this mirror', path });
  const known = await catalogue.tags(name, signal);
  const all = [...known.tags].sort();
  const after = query.get('last');
  const rest = after === null ? all : all.filter((tag) => tag > after);
  const count = /^\d{1,6}$/.test(query.get('n') ?? '') ? Number(query.get('n')) : rest.length;
  const tags = rest.slice(0, count);
  const last = tags.at(-1);
  const isMore = tags.length < rest.length && last !== undefined;
  const next = new URLSearchParams({ n: String(count), last: last ?? '' });
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      ...cacheHeaders(known),
      ...(isMore ? { link: `<${publicUrl}${path}?${next.toString()}>; rel="next"` } : {}),
    },
    body: JSON.stringify({ name: name.repository, tags }),
  };
}

/** What refers to a manifest stands under a tag made of its digest, where the registry has no list of its own (OCI distribution 1.1, "Referrers tag schema"). */
async function answerReferrers(
  catalogue: ImageCatalogue,
  { name, reference }: ImageRoute,
  { headers, signal }: FaceRequest,
): Promise<FaceReply> {
  const sha256 = parseDigest(reference);
  if (sha256 === undefined) return errorReply(400, 'DIGEST_INVALID', 'Only sha256 digests are known here.');
  const type = 'application/vnd.oci.image.index.v1+json';
  try {
    const index = await catalogue.manifest(name, `sha256-${sha256}`, headers.accept, signal);
    return { status: 200, headers: { 'content-type': type, ...cacheHeaders(index) }, body: index.bytes };
  } catch (thrown) {
    if (toSluiceError(thrown).exitCode !== 3) throw thrown;
    return { status: 200, headers: { 'content-type': type }, body: EMPTY_INDEX };
  }
}

const EMPTY_INDEX = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [],
});

function cacheHeaders({ status, warning }: Omit<KeptTags, 'tags'>): Readonly<Record<string, string>> {
  return { 'x-cache-status': status, ...(warning === undefined ? {} : { warning: '110 - "stale"' }) };
}
