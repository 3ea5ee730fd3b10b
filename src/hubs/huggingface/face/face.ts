import { randomUUID } from 'node:crypto';
import { toSluiceError } from '../../../base/index.js';
import type { Catalogue, Face, FaceReply, FaceRequest } from '../../face.js';
import { answerAuthCheck, answerCommits, answerRefs, answerXetToken, readOnly } from './about.js';
import { createClean, type Clean } from './clean.js';
import type { Addressed, FaceContext, XetDoor } from './context.js';
import { errorReply, headerText, replyFor } from './errors.js';
import { answerFile } from './files.js';
import { answerSearch, answerWhoAmI } from './hub.js';
import { answerInfo } from './info.js';
import { findLfsRoute } from './lfs.js';
import { answerPathsInfo, answerTree, answerTreeSize } from './listings.js';
import { kindOfPlural, parseRepositoryPath } from './repository-path.js';
import { splitRevision } from './revision.js';

export interface HuggingFaceFaceOptions {
  /** Base URLs of the hubs behind, as they are now: no answer names them. */
  readonly upstreams: () => readonly string[];
  /** How files are had in Xet's way; without it nothing anywhere speaks of Xet. */
  readonly xet?: XetDoor;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

type Route = () => Promise<FaceReply> | FaceReply;
type Action = (at: Addressed) => Promise<FaceReply> | FaceReply;

const READS: Readonly<Record<string, Action>> = {
  revision: (at) => answerInfo(at, splitRevision(at.named.rest).revision),
  tree: answerTree,
  'paths-info': answerPathsInfo,
  treesize: answerTreeSize,
  refs: answerRefs,
  commits: answerCommits,
  'auth-check': answerAuthCheck,
  'xet-read-token': answerXetToken,
};
/** The same by which something would be written: a test has each of them refused. */
export const HUGGING_FACE_WRITES: readonly string[] = [
  'preupload',
  'commit',
  'branch',
  'tag',
  'settings',
  'super-squash',
  'lfs-files',
  'xet-write-token',
];
/** Words behind a repository's name by which something is read: a test asks each of them on behalf of everybody. */
export const HUGGING_FACE_WORDS: readonly string[] = Object.keys(READS);
const API_WORDS = new Set([...Object.keys(READS), ...HUGGING_FACE_WRITES]);
/** The same behind its name without `/api`. */
export const HUGGING_FACE_FILE_WORDS: readonly string[] = ['resolve', 'raw'];
const FILE_WORDS = new Set(HUGGING_FACE_FILE_WORDS);
type HubRoute = (request: FaceRequest, rest: readonly string[], context: FaceContext) => Route | undefined;
const HUB_READS: Readonly<Record<string, HubRoute>> = {
  'whoami-v2': (request, _, context) => () => answerWhoAmI(request, context),
  'resolve-cache': cacheRoute,
};
/** What stands right behind `/api`, beside the kinds of repositories. */
export const HUGGING_FACE_HUB_WORDS: readonly string[] = Object.keys(HUB_READS);
/** What clients ask in passing and can do without. */
const NOISE = new Set([
  'agent-harnesses',
  'telemetry',
  'validate-yaml',
  'models-tags-by-type',
  'datasets-tags-by-type',
]);

/** What browsers may read. */
const EXPOSED =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag';

/** The reading half of the Hugging Face hub (API and `resolve`), over a catalogue. */
export function createHuggingFaceFace(catalogue: Catalogue, options: HuggingFaceFaceOptions): Face {
  const clean = cleanOf(options.upstreams);
  const context: FaceContext = { catalogue, clean, xet: options.xet, now: options.now ?? Date.now };
  return {
    name: 'huggingface',
    answer: (request) => {
      const route = findRoute(request, context);
      return route === undefined ? undefined : answerBy(route, request, context);
    },
  };
}

/** Made anew where the upstreams have changed. */
function cleanOf(upstreams: () => readonly string[]): Clean {
  let known = upstreams();
  let made = createClean(known);
  return (value, publicUrl) => {
    const now = upstreams();
    if (now !== known) [known, made] = [now, createClean(now)];
    return made(value, publicUrl);
  };
}

async function answerBy(route: Route, request: FaceRequest, { clean, xet }: FaceContext): Promise<FaceReply> {
  let reply: FaceReply;
  try {
    reply = await route();
  } catch (thrown) {
    reply = replyFor(toSluiceError(thrown), request.caller.token !== undefined);
  }
  const { headers } = request;
  const id = headers['x-request-id'] ?? headers['x-amzn-trace-id'] ?? randomUUID();
  const words = ['x-error-message', 'x-hf-warning'].flatMap((name) => {
    const text = reply.headers[name];
    return text === undefined ? [] : [[name, clean(text, request.publicUrl)] as const];
  });
  const own = {
    'access-control-allow-origin': '*',
    'access-control-expose-headers': xet === undefined ? EXPOSED : `${EXPOSED},X-Xet-Hash`,
    'x-request-id': headerText(id),
    ...Object.fromEntries(words),
  };
  const isError = reply.status >= 400 && typeof reply.body === 'string';
  const body = isError ? { body: clean(String(reply.body), request.publicUrl) } : {};
  return { ...reply, ...body, headers: { ...reply.headers, ...own } };
}

function findRoute(request: FaceRequest, context: FaceContext): Route | undefined {
  const segments = request.path.split('/').slice(1);
  if (segments[0] === 'api') return findApiRoute(request, segments.slice(1), context);
  const lfs = findLfsRoute(request, context);
  if (lfs !== undefined) return lfs;
  const kind = segments[0] === 'models' ? undefined : kindOfPlural(segments[0]);
  const named = parseRepositoryPath(kind === undefined ? segments : segments.slice(1), kind ?? 'model', FILE_WORDS);
  if (named?.what === undefined || named.rest.length < 2) return undefined;
  if (request.method === 'POST') return readOnly;
  return () => answerFile({ request, context, named }, named.what === 'raw');
}

function findApiRoute(request: FaceRequest, segments: readonly string[], context: FaceContext): Route | undefined {
  const [first = '', ...rest] = segments;
  if (NOISE.has(first)) return () => errorReply(404, undefined, 'Not Found');
  if (first === 'repos') return readOnly;
  if (Object.hasOwn(HUB_READS, first)) return HUB_READS[first]?.(request, rest, context);
  const kind = kindOfPlural(first);
  if (kind === undefined) return undefined;
  if (rest.length === 0 || rest[0] === '') return () => answerSearch(request, context, kind);
  const named = parseRepositoryPath(rest, kind, API_WORDS);
  if (named === undefined) return () => errorReply(404, undefined, 'Not Found');
  const at = { request, context, named };
  const { what } = named;
  if (what === undefined) return () => answerInfo(at, request.query.get('revision') ?? undefined);
  const action = Object.hasOwn(READS, what) ? READS[what] : undefined;
  const isForm = what === 'paths-info';
  if (action === undefined || (request.method === 'POST' && !isForm)) return readOnly;
  if (isForm && request.method !== 'POST') return () => errorReply(405, undefined, 'paths-info is asked by POST');
  return () => action(at);
}

/** The commit marks the end of the repository's name here. */
function cacheRoute(request: FaceRequest, segments: readonly string[], context: FaceContext): Route | undefined {
  const kind = kindOfPlural(segments[0]);
  const at = segments.findIndex((segment, index) => index > 1 && index <= 3 && /^[0-9a-f]{40}$/.test(segment));
  const named = kind === undefined || at < 0 ? undefined : parseRepositoryPath(segments.slice(1, at), kind, FILE_WORDS);
  if (named === undefined) return undefined;
  return () => answerFile({ request, context, named: { ...named, rest: segments.slice(at) } }, false);
}
