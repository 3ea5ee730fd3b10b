import { decode, isTrue, jsonAnswer, textAnswer, type Answer, type RouteKind, type SimRequest } from '../answer.js';
import type { Commit, Repository, SimKind } from '../repository.js';
import { findRepository, type HubState } from '../state.js';
import { answerXetToken } from '../xet/hub.js';
import { identify, isAnswer, refusal, type Caller } from './access.js';
import { hfError, revisionNotFound } from './errors.js';
import { answerInfo, repositoryInfo } from './info.js';
import { answerRaw, answerResolve } from './resolve.js';
import { answerCommits, answerPathsInfo, answerRefs, answerTree } from './tree.js';

const KINDS: Readonly<Record<string, SimKind>> = { models: 'model', datasets: 'dataset', spaces: 'space' };

const API_KINDS: Readonly<Record<string, RouteKind>> = {
  revision: 'info',
  tree: 'tree',
  'paths-info': 'paths-info',
  refs: 'refs',
  commits: 'commits',
  'auth-check': 'auth-check',
  'xet-read-token': 'xet-token',
};

interface Located {
  readonly repository: Repository | undefined;
  /** Segments after the repository's name, still encoded. */
  readonly rest: readonly string[];
}

/** Answers what belongs to the Hugging Face protocol, undefined for the rest. */
export function answerHuggingFace(request: SimRequest, state: HubState): Answer | undefined {
  const segments = request.rawPath.split('/').slice(1);
  if (segments[0] === 'api') {
    if (segments[1] === 'whoami-v2') return answerWhoAmI(request, state);
    if (segments[1] === 'resolve-cache') return answerFile(request, state, segments.slice(2), true);
    const kind = KINDS[segments[1] ?? ''];
    if (kind === undefined) return undefined;
    return segments.length === 2
      ? answerSearch(request, state, kind)
      : answerApi(request, state, kind, segments.slice(2));
  }
  return answerFile(request, state, segments, false);
}

function answerApi(
  request: SimRequest,
  state: HubState,
  kind: SimKind,
  segments: readonly string[],
): Answer | undefined {
  const { repository, rest } = locate(state, kind, segments, (name) => name in API_KINDS);
  const action = rest[0];
  const routeKind = action === undefined ? 'info' : API_KINDS[action];
  if (routeKind === undefined) return hfError('other', 404, '', 'Not Found');
  const caller = identify(request, state, routeKind);
  if (isAnswer(caller)) return caller;
  const wants = routeKind === 'auth-check' || routeKind === 'xet-token' ? 'files' : 'description';
  const refused = refusal(repository, caller, routeKind, wants);
  if (refused !== undefined || repository === undefined) return refused;
  if (routeKind === 'auth-check') return textAnswer('auth-check', 200, '');
  if (routeKind === 'refs') return answerRefs(repository);
  const { revision, path } = splitRevision(rest.slice(1));
  const wanted = revision ?? request.query.get('revision') ?? repository.defaultBranch;
  const commit = repository.resolve(wanted);
  if (commit === undefined) return revisionNotFound(routeKind, wanted);
  if (routeKind === 'xet-token') return answerXetToken(state.xet, repository);
  if (routeKind === 'tree') return answerTree(request, state, commit, path);
  if (routeKind === 'paths-info') return answerPathsInfo(request, state, commit);
  if (routeKind === 'commits') return answerCommits(repository, commit);
  return answerInfo(repository, commit, request.query);
}

function answerFile(
  request: SimRequest,
  state: HubState,
  segments: readonly string[],
  viaCache: boolean,
): Answer | undefined {
  const kind = KINDS[segments[0] ?? ''];
  const names = kind === undefined ? segments : segments.slice(1);
  const isMarker = (name: string): boolean => name === 'resolve' || name === 'raw';
  const at = viaCache ? -1 : names.findIndex((name, index) => index > 0 && index < 3 && isMarker(name));
  if (!viaCache && at < 0) return undefined;
  const { repository, rest } = viaCache
    ? locate(state, kind ?? 'model', names, () => false)
    : { repository: byName(state, kind ?? 'model', names.slice(0, at)), rest: names.slice(at + 1) };
  const routeKind: RouteKind = names[at] === 'raw' ? 'raw' : 'resolve';
  const caller: Caller | Answer = identify(request, state, routeKind);
  if (isAnswer(caller)) return caller;
  const refused = refusal(repository, caller, routeKind, 'files');
  if (refused !== undefined || repository === undefined) return refused;
  const { revision = '', path } = splitRevision(rest);
  const commit: Commit | undefined = repository.resolve(revision);
  if (commit === undefined) return revisionNotFound(routeKind, revision);
  if (routeKind === 'raw') return answerRaw(commit, path);
  return answerResolve(request, state, { repository, commit, pathSegments: path, viaCache });
}

/** Ids have one or two segments: what follows decides, and the longer name where both could be meant. */
function locate(
  state: HubState,
  kind: SimKind,
  segments: readonly string[],
  isAction: (name: string) => boolean,
): Located {
  const [first = '', second] = segments;
  const long = second === undefined ? undefined : byName(state, kind, [first, second]);
  if (long !== undefined) return { repository: long, rest: segments.slice(2) };
  const short = byName(state, kind, [first]);
  if (short !== undefined || second === undefined || isAction(second))
    return { repository: short, rest: segments.slice(1) };
  return { repository: undefined, rest: segments.slice(2) };
}

function byName(state: HubState, kind: SimKind, names: readonly string[]): Repository | undefined {
  return findRepository(state.huggingFace, kind, names.map(decode).join('/'));
}

/** A revision is one encoded segment; `refs/pr/1` is understood unencoded too. */
function splitRevision(segments: readonly string[]): { revision: string | undefined; path: readonly string[] } {
  const [first, second] = segments;
  if (first === 'refs' && (second === 'pr' || second === 'convert')) {
    return { revision: segments.slice(0, 3).map(decode).join('/'), path: segments.slice(3) };
  }
  return { revision: first === undefined || first === '' ? undefined : decode(first), path: segments.slice(1) };
}

function answerWhoAmI(request: SimRequest, state: HubState): Answer {
  const caller = identify(request, state, 'whoami');
  if (isAnswer(caller)) return caller;
  if (caller.user === undefined) return hfError('whoami', 401, '', 'Invalid username or password.');
  const { name } = caller.user;
  return jsonAnswer('whoami', {
    type: 'user',
    id: `id-${name}`,
    name,
    fullname: name,
    email: `${name}@sim.invalid`,
    emailVerified: true,
    canPay: false,
    isPro: false,
    orgs: [],
    auth: { type: 'access_token', accessToken: { displayName: 'sim', role: 'read' } },
  });
}

function answerSearch(request: SimRequest, state: HubState, kind: SimKind): Answer {
  const { query } = request;
  const search = (query.get('search') ?? '').toLowerCase();
  const author = query.get('author');
  const limit = Number(query.get('limit') ?? 1000);
  const found = state.huggingFace.filter(
    ({ kind: each, id, spec }) =>
      each === kind &&
      spec.private !== true &&
      id.toLowerCase().includes(search) &&
      (author === null || id.startsWith(`${author}/`)),
  );
  const infos = found.slice(0, limit).flatMap((repository) => {
    const commit = repository.resolve(repository.defaultBranch);
    return commit === undefined ? [] : [repositoryInfo(repository, commit, isTrue(query.get('blobs')))];
  });
  return jsonAnswer('search', infos);
}
