import { decode, isTrue, jsonAnswer, type Answer, type SimRequest } from '../answer.js';
import type { Commit, Repository } from '../repository.js';
import type { HubState } from '../state.js';
import { pathEntry, treeEntries } from './entries.js';
import { entryNotFound } from './errors.js';

/** `GET /api/models/{repo}/tree/{rev}[/{path}]`, in pages that an absolute `Link` chains. */
export function answerTree(
  request: SimRequest,
  state: HubState,
  commit: Commit,
  pathSegments: readonly string[],
): Answer {
  const { query } = request;
  const folder = pathSegments.map(decode).join('/').replace(/\/+$/, '');
  const listed = { commit, xet: state.xet, expand: isTrue(query.get('expand')) };
  const entries = treeEntries(listed, folder, isTrue(query.get('recursive')));
  if (entries === undefined) return entryNotFound('tree', commit.id);
  const asked = Number(query.get('limit') ?? state.habits.treePageSize);
  const limit = Math.max(1, Math.min(state.habits.treePageSize, Number.isFinite(asked) ? asked : 1));
  const start = Number(Buffer.from(query.get('cursor') ?? '', 'base64url').toString() || '0');
  const next = start + limit;
  const more = next < entries.length;
  return jsonAnswer('tree', entries.slice(start, next), 200, {
    'x-repo-commit': commit.id,
    ...(more ? { link: `<${nextPage(request, next)}>; rel="next"` } : {}),
  });
}

function nextPage(request: SimRequest, start: number): string {
  const query = new URLSearchParams(request.query);
  query.set('cursor', Buffer.from(String(start)).toString('base64url'));
  return `${request.baseUrl}${request.rawPath}?${query.toString()}`;
}

/** `POST /api/models/{repo}/paths-info/{rev}`, the body a form or JSON. */
export function answerPathsInfo(request: SimRequest, state: HubState, commit: Commit): Answer {
  const { paths, expand } = readPathsBody(request);
  const found = paths.map((path) => pathEntry({ commit, xet: state.xet, expand }, path.replace(/\/+$/, '')));
  return jsonAnswer(
    'paths-info',
    found.filter((entry) => entry !== undefined),
  );
}

function readPathsBody(request: SimRequest): { paths: string[]; expand: boolean } {
  const text = request.body.toString();
  if ((request.headers['content-type'] ?? '').includes('json')) {
    const body = JSON.parse(text) as { paths?: unknown; expand?: unknown };
    const paths = Array.isArray(body.paths) ? body.paths.map(String) : [String(body.paths)];
    return { paths, expand: body.expand === true };
  }
  const form = new URLSearchParams(text);
  return { paths: form.getAll('paths'), expand: isTrue(form.get('expand')) };
}

/** `GET /api/models/{repo}/refs`. */
export function answerRefs(repository: Repository): Answer {
  const entry = (name: string, ref: string, target: string): object => ({ name, ref, targetCommit: target });
  const of = (type: string, prefix: string): object[] =>
    repository.refs
      .filter((ref) => ref.type === type)
      .map((ref) => entry(ref.name, `${prefix}${ref.name}`, ref.commit.id));
  const others = repository.refs.filter((ref) => ref.type === 'ref');
  const named = (prefix: string): object[] =>
    others
      .filter((ref) => ref.name.startsWith(prefix))
      .map((ref) => entry(ref.name.slice(prefix.length), ref.name, ref.commit.id));
  return jsonAnswer('refs', {
    branches: of('branch', 'refs/heads/'),
    tags: of('tag', 'refs/tags/'),
    converts: named('refs/convert/'),
    pullRequests: named('refs/pr/'),
  });
}

/** `GET /api/models/{repo}/commits/{rev}`. */
export function answerCommits(repository: Repository, commit: Commit): Answer {
  const list = repository.commits.filter((each) => each.id === commit.id || each.date < commit.date);
  const commits = list.map(({ id, title, date }) => ({
    id,
    title,
    message: '',
    date: date.toISOString(),
    authors: [{ user: 'sim' }],
  }));
  return jsonAnswer('commits', commits, 200, { 'x-total-count': String(commits.length) });
}
