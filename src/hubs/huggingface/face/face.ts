import { SluiceError, toSluiceError } from '../../../base/index.js';
import type { Catalogue, Face, FaceReply, FaceRequest, Snapshot } from '../../face.js';
import type { RepositoryRef } from '../../ref.js';
import { gitOidOf, lfsOf, pathEntry, treeEntries } from './entries.js';
import { errorReply, replyFor } from './errors.js';
import { lfsPointer } from './pointer.js';
import { decodeSegment, kindOfPlural, parseRepositoryPath, type RepositoryPath } from './repository-path.js';

const API_WORDS = new Set(['revision', 'tree', 'paths-info', 'refs', 'commits', 'auth-check']);
const FILE_WORDS = new Set(['resolve', 'raw']);
const MAX_PATHS_BODY_BYTES = 4 * 1024 * 1024;

/** The reading half of the Hugging Face hub (API and `resolve`), over a catalogue. */
export function createHuggingFaceFace(catalogue: Catalogue): Face {
  return {
    name: 'huggingface',
    answer: (request) => {
      const route = findRoute(request, catalogue);
      return route?.().catch((thrown: unknown) => replyFor(toSluiceError(thrown), request.caller.token !== undefined));
    },
  };
}

type Route = () => Promise<FaceReply>;

function findRoute(request: FaceRequest, catalogue: Catalogue): Route | undefined {
  const segments = request.path.split('/').slice(1);
  if (segments[0] === 'api') return findApiRoute(request, segments.slice(1), catalogue);
  const plural = kindOfPlural(segments[0]);
  const kind = plural === undefined || plural === 'model' ? 'model' : plural;
  const named = parseRepositoryPath(plural === undefined ? segments : segments.slice(1), kind, FILE_WORDS);
  if (named?.what === undefined || named.rest.length < 2) return undefined;
  return () => answerFile(request, catalogue, named, named.what === 'raw');
}

function findApiRoute(request: FaceRequest, segments: readonly string[], catalogue: Catalogue): Route | undefined {
  const [first, ...rest] = segments;
  if (first === 'resolve-cache') {
    const kind = kindOfPlural(rest[0]);
    if (kind === undefined) return undefined;
    const at = rest.findIndex((segment, index) => index > 1 && index <= 3 && /^[0-9a-f]{40}$/.test(segment));
    const named = at < 0 ? undefined : parseRepositoryPath(rest.slice(1, at), kind, FILE_WORDS);
    if (named === undefined) return undefined;
    return () => answerFile(request, catalogue, { ...named, rest: rest.slice(at) }, false);
  }
  const kind = kindOfPlural(first);
  const named = kind === undefined ? undefined : parseRepositoryPath(rest, kind, API_WORDS);
  if (named === undefined) return undefined;
  const { what } = named;
  if (what === undefined)
    return () => answerInfo(request, catalogue, named, request.query.get('revision') ?? undefined);
  if (what === 'revision') return () => answerInfo(request, catalogue, named, decodeSegment(named.rest[0]));
  if (what === 'tree') return () => answerTree(request, catalogue, named);
  if (what === 'paths-info') return () => answerPathsInfo(request, catalogue, named);
  if (what === 'auth-check') return () => answerAuthCheck(request, catalogue, named);
  return undefined;
}

function refOf({ repository }: RepositoryPath, revision: string | undefined): RepositoryRef {
  if (revision !== undefined && !/^[\w][\w./+#@-]{0,254}$/.test(revision))
    throw new SluiceError('REVISION_NOT_FOUND', { host: 'this mirror', repository: repository.id, revision });
  return { ...repository, ...(revision === undefined ? {} : { revision }) };
}

async function answerInfo(
  { caller, signal, query }: FaceRequest,
  catalogue: Catalogue,
  named: RepositoryPath,
  revision: string | undefined,
): Promise<FaceReply> {
  const snapshot = await catalogue.snapshot(refOf(named, revision), caller, signal);
  const { id, kind } = named.repository;
  const withBlobs = /^(?:true|1)$/i.test(query.get('blobs') ?? '');
  const info = {
    _id: snapshot.pinned.commit.slice(0, 24),
    id,
    ...(kind === 'model' ? { modelId: id } : {}),
    ...(id.includes('/') ? { author: id.split('/')[0] } : {}),
    sha: snapshot.pinned.commit,
    private: snapshot.pinned.isPublic === false,
    gated: false,
    disabled: false,
    downloads: 0,
    likes: 0,
    tags: [],
    cardData: {},
    siblings: snapshot.files.map((file) => {
      const lfs = lfsOf(file);
      return {
        rfilename: file.path,
        ...(withBlobs ? { size: file.sizeBytes ?? 0, blobId: gitOidOf(file) } : {}),
        ...(withBlobs && lfs !== undefined ? { lfs: { ...lfs, size: file.sizeBytes ?? 0 } } : {}),
      };
    }),
  };
  return json(info, snapshot);
}

async function answerTree(
  { caller, signal, query }: FaceRequest,
  catalogue: Catalogue,
  named: RepositoryPath,
): Promise<FaceReply> {
  const snapshot = await catalogue.snapshot(refOf(named, decodeSegment(named.rest[0])), caller, signal);
  const folder = decodeSegment(named.rest.slice(1).join('/')) ?? '';
  const recursive = /^(?:true|1)$/i.test(query.get('recursive') ?? '');
  const entries = treeEntries(snapshot.files, folder.replace(/\/+$/, ''), recursive);
  if (entries === undefined) return entryNotFound(snapshot);
  return json(entries, snapshot);
}

async function answerPathsInfo(request: FaceRequest, catalogue: Catalogue, named: RepositoryPath): Promise<FaceReply> {
  const { caller, signal } = request;
  const snapshot = await catalogue.snapshot(refOf(named, decodeSegment(named.rest[0])), caller, signal);
  const text = (await request.body(MAX_PATHS_BODY_BYTES)).toString();
  const paths = request.headers['content-type']?.includes('json')
    ? pathsOfJson(text)
    : new URLSearchParams(text).getAll('paths');
  if (paths === undefined) return errorReply(400, undefined, 'paths must be a list of texts');
  return json(
    paths.flatMap((path) => pathEntry(snapshot.files, path) ?? []),
    snapshot,
  );
}

function pathsOfJson(text: string): readonly string[] | undefined {
  try {
    const value = JSON.parse(text) as { paths?: unknown } | null;
    const paths = typeof value?.paths === 'string' ? [value.paths] : value?.paths;
    return Array.isArray(paths) && paths.every((path) => typeof path === 'string') ? paths : undefined;
  } catch {
    return undefined;
  }
}

async function answerAuthCheck(
  { caller, signal }: FaceRequest,
  catalogue: Catalogue,
  named: RepositoryPath,
): Promise<FaceReply> {
  await catalogue.snapshot(refOf(named, undefined), caller, signal);
  return { status: 200, headers: {} };
}

async function answerFile(
  { caller, signal }: FaceRequest,
  catalogue: Catalogue,
  named: RepositoryPath,
  isRaw: boolean,
): Promise<FaceReply> {
  const [revision, ...rest] = named.rest;
  const path = decodeSegment(rest.join('/'));
  const snapshot = await catalogue.snapshot(refOf(named, decodeSegment(revision)), caller, signal);
  const file = snapshot.files.find((candidate) => candidate.path === path);
  if (file === undefined) return entryNotFound(snapshot);
  const { sha256 } = file.digests;
  const name = encodeURIComponent(file.path.split('/').pop() ?? '');
  const headers = {
    ...common(snapshot),
    'content-type': sha256 === undefined ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    'content-disposition': `inline; filename*=UTF-8''${name}`,
  };
  if (isRaw && sha256 !== undefined) {
    const pointer = lfsPointer(sha256, file.sizeBytes ?? 0);
    return { status: 200, headers: { ...headers, etag: `"${gitOidOf(file)}"` }, body: pointer };
  }
  const etag = `"${sha256 ?? gitOidOf(file)}"`;
  const linked = sha256 === undefined ? {} : { 'x-linked-etag': etag, 'x-linked-size': String(file.sizeBytes ?? 0) };
  const content = await catalogue.content(snapshot, file, caller);
  return { status: 200, headers: { ...headers, etag, ...linked, 'x-cache-status': content.status }, content };
}

function entryNotFound(snapshot: Snapshot): FaceReply {
  return errorReply(404, 'EntryNotFound', 'Entry not found', common(snapshot));
}

function json(value: unknown, snapshot: Snapshot): FaceReply {
  const headers = { 'content-type': 'application/json; charset=utf-8', ...common(snapshot) };
  return { status: 200, headers, body: JSON.stringify(value) };
}

function common({ pinned, status, warning }: Snapshot): Record<string, string> {
  return {
    'x-repo-commit': pinned.commit,
    'x-cache-status': status,
    ...(warning === undefined
      ? {}
      : { 'x-hf-warning': `stale; ${warning.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300)}` }),
  };
}
