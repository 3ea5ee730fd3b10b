import { decode, type Answer, type RouteKind, type SimRequest } from '../answer.js';
import type { Repository, SimKind } from '../repository.js';
import type { HubState } from '../state.js';
import { answerDownload } from './download.js';
import { msAnswer, msError, msForbidden, msNotFound } from './envelope.js';
import { answerDatasetTree, answerFiles, answerRevisions, unixSeconds } from './listing.js';

const ACTIONS: Readonly<Record<string, RouteKind>> = {
  '': 'ms-info',
  revisions: 'ms-revisions',
  'repo/files': 'ms-files',
  'repo/tree': 'ms-files',
  repo: 'ms-download',
};

/** Answers what belongs to the ModelScope protocol, undefined for the rest. */
export function answerModelScope(request: SimRequest, state: HubState): Answer | undefined {
  const segments = request.rawPath.replace(/\/+$/, '').split('/').slice(1).map(decode);
  if (segments[0] !== 'api' || segments[1] !== 'v1') return undefined;
  const [area, ...rest] = segments.slice(2);
  if (area === 'login') return answerLogin(request, state);
  // Clients of the first generation crash when this key is absent.
  if (rest[0] === 'internalAccelerationInfo') return msAnswer('ms-other', { InternalRegionQueryAddress: '' });
  if (area === 'models') return answerRepository(request, state, 'model', rest);
  if (area === 'datasets') return answerRepository(request, state, 'dataset', rest);
  return msNotFound('ms-other', 'The page');
}

function answerRepository(request: SimRequest, state: HubState, kind: SimKind, segments: readonly string[]): Answer {
  const { repository, rest } = locate(state, kind, segments);
  const routeKind = ACTIONS[rest.join('/')];
  if (routeKind === undefined) return msNotFound('ms-other', 'The page');
  const refused = refusal(request, state, repository, routeKind);
  if (refused !== undefined || repository === undefined) return refused ?? msNotFound(routeKind, 'The repository');
  if (routeKind === 'ms-info') return answerInfo(state, repository);
  if (routeKind === 'ms-revisions') return answerRevisions(repository);
  const revision = request.query.get('Revision') ?? repository.defaultBranch;
  const commit = repository.resolve(revision);
  if (commit === undefined) return msNotFound(routeKind, `Revision ${revision}`);
  if (routeKind === 'ms-download') return answerDownload(request, state, commit);
  return rest[1] === 'tree' ? answerDatasetTree(request, commit) : answerFiles(request, commit);
}

/** Data sets are also known by number. */
function locate(
  state: HubState,
  kind: SimKind,
  segments: readonly string[],
): { repository?: Repository; rest: string[] } {
  const [first = '', second = ''] = segments;
  const byNumber = /^\d+$/.test(first) ? state.modelScope[Number(first) - 1] : undefined;
  if (byNumber?.kind === kind) return { repository: byNumber, rest: segments.slice(1) };
  const found = state.modelScope.find((each) => each.kind === kind && each.id === `${first}/${second}`);
  return found === undefined ? { rest: segments.slice(2) } : { repository: found, rest: segments.slice(2) };
}

function refusal(
  request: SimRequest,
  state: HubState,
  repository: Repository | undefined,
  kind: RouteKind,
): Answer | undefined {
  const token = tokenOf(request);
  if (token !== undefined && !state.users.has(token)) {
    return msError(kind, 401, 10_010_205_401, 'The token is not valid, please log in again');
  }
  if (repository === undefined) return msNotFound(kind, 'The repository');
  const granted = token !== undefined && (repository.spec.tokens ?? []).includes(token);
  if (repository.spec.private === true && !granted) return msNotFound(kind, 'The repository');
  return repository.spec.gated === true && !granted && kind !== 'ms-info' ? msForbidden(kind) : undefined;
}

function tokenOf({ headers }: SimRequest): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return bearer ?? /(?:^|;\s*)m_session_id=([^;\s]+)/.exec(headers.cookie ?? '')?.[1];
}

function answerInfo(state: HubState, repository: Repository): Answer {
  const [owner = '', name = ''] = repository.id.split('/');
  const head = repository.resolve(repository.defaultBranch);
  const files = head === undefined ? [] : [...head.files.values()];
  return msAnswer('ms-info', {
    Id: state.modelScope.indexOf(repository) + 1,
    Name: name,
    Path: owner,
    Owner: owner,
    Namespace: owner,
    Visibility: repository.spec.private === true ? 1 : 5,
    License: 'Apache License 2.0',
    Tasks: [],
    Type: 1,
    DefaultRevision: repository.defaultBranch,
    LastUpdatedTime: head === undefined ? 0 : unixSeconds(head),
    StorageSize: files.reduce((sum, file) => sum + file.sizeBytes, 0),
  });
}

function answerLogin(request: SimRequest, state: HubState): Answer {
  const body = JSON.parse(request.body.toString() || '{}') as { AccessToken?: unknown };
  const token = typeof body.AccessToken === 'string' ? body.AccessToken : '';
  const user = state.users.get(token);
  if (user === undefined) return msError('ms-login', 401, 10_010_205_401, 'The access token is not valid');
  const answer = msAnswer('ms-login', { AccessToken: token, Username: user.name, Email: `${user.name}@sim.invalid` });
  return { ...answer, headers: { ...answer.headers, 'set-cookie': `m_session_id=${token}; Path=/; HttpOnly` } };
}
