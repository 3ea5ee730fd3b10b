import { randomUUID } from 'node:crypto';
import { toSluiceError } from '../../../base/index.js';
import type { Catalogue, Face, FaceReply, FaceRequest } from '../../face.js';
import { isBy } from '../../routes.js';
import { readOnly } from './about.js';
import { createClean, type Clean } from './clean.js';
import type { FaceContext, XetDoor } from './context.js';
import { errorReply, headerText, replyFor } from './errors.js';
import { answerSearch } from './hub.js';
import { findLfsAnswer } from './lfs.js';
import { kindOfPlural, parseRepositoryPath } from './repository-path.js';
import { API_WORDS, BEHIND, FILE_WORDS, FILES, HUGGING_FACE_ROUTES, INFO, notFound, OF_HUB, type Answer } from './routes.js'; // prettier-ignore

export interface HuggingFaceFaceOptions {
  /** Base URLs of the hubs behind, as they are now: no answer names them. */
  readonly upstreams: () => readonly string[];
  /** How files are had in Xet's way; without it nothing anywhere speaks of Xet. */
  readonly xet?: XetDoor;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/** What browsers may read. */
const EXPOSED =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag';

/** The reading half of the Hugging Face hub (API and `resolve`), over a catalogue. */
export function createHuggingFaceFace(catalogue: Catalogue, options: HuggingFaceFaceOptions): Face {
  const clean = cleanOf(options.upstreams);
  const context: FaceContext = { catalogue, clean, xet: options.xet, now: options.now ?? Date.now };
  return {
    name: 'huggingface',
    routes: HUGGING_FACE_ROUTES,
    answer: (request) => {
      const answer = findAnswer(request, context);
      return answer === undefined ? undefined : answerBy(answer, request, context);
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

async function answerBy(answer: Answer, request: FaceRequest, { clean, xet }: FaceContext): Promise<FaceReply> {
  let reply: FaceReply;
  try {
    reply = await answer();
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

function findAnswer(request: FaceRequest, context: FaceContext): Answer | undefined {
  const segments = request.path.split('/').slice(1);
  if (segments[0] === 'api') return findApiAnswer(request, segments.slice(1), context);
  const lfs = findLfsAnswer(request, context);
  if (lfs !== undefined) return lfs;
  const kind = segments[0] === 'models' ? undefined : kindOfPlural(segments[0]);
  const named = parseRepositoryPath(kind === undefined ? segments : segments.slice(1), kind ?? 'model', FILE_WORDS);
  const route = FILES.get(named?.what ?? '');
  if (named === undefined || route === undefined || named.rest.length < 2) return undefined;
  return isBy(route, request) ? () => route.answer({ request, context, named }) : readOnly;
}

function findApiAnswer(request: FaceRequest, segments: readonly string[], context: FaceContext): Answer | undefined {
  const [first = '', ...rest] = segments;
  const ofHub = OF_HUB.get(first);
  if (ofHub !== undefined) return ofHub.find(request, rest, context);
  const kind = kindOfPlural(first);
  if (kind === undefined) return undefined;
  if (rest.length === 0 || rest[0] === '') return () => answerSearch(request, context, kind);
  const named = parseRepositoryPath(rest, kind, API_WORDS);
  if (named === undefined) return notFound;
  const route = named.what === undefined ? INFO : BEHIND.get(named.what);
  if (route === undefined) return notFound;
  if (isBy(route, request)) return () => route.answer({ request, context, named });
  if (isBy(route, { method: 'POST' })) return () => errorReply(405, undefined, `${named.what ?? ''} is asked by POST`);
  return readOnly;
}
