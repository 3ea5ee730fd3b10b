import type { FaceReply, FaceRequest } from '../../face.js';
import { ANY_METHOD, READING, type Route } from '../../routes.js';
import { answerAuthCheck, answerCommits, answerRefs, answerXetToken, readOnly } from './about.js';
import type { Addressed, FaceContext } from './context.js';
import { errorReply } from './errors.js';
import { answerFile } from './files.js';
import { answerWhoAmI } from './hub.js';
import { answerInfo } from './info.js';
import { LFS_ROUTES } from './lfs.js';
import { answerPathsInfo, answerTree, answerTreeSize } from './listings.js';
import { kindOfPlural, parseRepositoryPath } from './repository-path.js';
import { splitRevision } from './revision.js';

export type Answer = () => Promise<FaceReply> | FaceReply;

/** What is asked of a repository. */
export interface RepositoryRoute extends Route {
  readonly answer: (at: Addressed) => Promise<FaceReply> | FaceReply;
}

/** What is asked of the hub; undefined when the rest of the path is not understood. */
export interface HubRoute extends Route {
  readonly find: (request: FaceRequest, rest: readonly string[], context: FaceContext) => Answer | undefined;
}

const REPOSITORY = '/api/{kind}/{repository}';

function read(below: string, answer: RepositoryRoute['answer']): RepositoryRoute {
  return { path: `${REPOSITORY}/${below}`, methods: READING, answer };
}

/** By the word behind a repository's name. What would write is known by name too, lest it be taken for a part of the name. */
export const BEHIND: ReadonlyMap<string, RepositoryRoute> = new Map([
  ['revision', read('revision/{revision}', (at) => answerInfo(at, splitRevision(at.named.rest).revision))],
  ['tree', read('tree/{revision}', answerTree)],
  ['paths-info', { ...read('paths-info/{revision}', answerPathsInfo), methods: ['POST'] }],
  ['treesize', read('treesize/{revision}', answerTreeSize)],
  ['refs', read('refs', answerRefs)],
  ['commits', read('commits/{revision}', answerCommits)],
  ['auth-check', read('auth-check', answerAuthCheck)],
  ['xet-read-token', read('xet-read-token/{revision}', answerXetToken)],
  ...['preupload', 'commit', 'branch', 'tag', 'settings', 'super-squash', 'lfs-files', 'xet-write-token'].map(
    (word) => [word, { ...read(word, readOnly), methods: [] }] as const,
  ),
]);
export const API_WORDS: ReadonlySet<string> = new Set(BEHIND.keys());

export const SEARCH: Route = { path: '/api/{kind}', methods: ANY_METHOD };
export const INFO: RepositoryRoute = {
  path: REPOSITORY,
  methods: ANY_METHOD,
  answer: (at) => answerInfo(at, at.request.query.get('revision') ?? undefined),
};

/** By the word behind a repository's name that stands without `/api`. */
export const FILES: ReadonlyMap<string, RepositoryRoute> = new Map(
  ['resolve', 'raw'].map((word) => [
    word,
    {
      path: `/{repository}/${word}/{revision}/{file}`,
      methods: READING,
      answer: ({ request, context, named }: Addressed) => answerFile({ request, context, named }, word === 'raw'),
    },
  ]),
);
export const FILE_WORDS: ReadonlySet<string> = new Set(FILES.keys());

/** By the word right behind `/api`, beside the kinds of repositories. */
export const OF_HUB: ReadonlyMap<string, HubRoute> = new Map([
  ['whoami-v2', { path: '/api/whoami-v2', methods: ANY_METHOD, find: (request, _, context) => () => answerWhoAmI(request, context) }], // prettier-ignore
  ['resolve-cache', { path: '/api/resolve-cache/{kind}/{repository}/{commit}/{file}', methods: ANY_METHOD, find: findCached }], // prettier-ignore
  ['repos', { path: '/api/repos', methods: [], find: () => readOnly }],
  // What clients ask in passing and can do without.
  ...['agent-harnesses', 'telemetry', 'validate-yaml', 'models-tags-by-type', 'datasets-tags-by-type'].map(
    (word) => [word, { path: `/api/${word}`, methods: [], find: () => notFound }] as const,
  ),
] satisfies readonly (readonly [string, HubRoute])[]);

export const HUGGING_FACE_ROUTES: readonly Route[] = [SEARCH, INFO, ...BEHIND.values(), ...OF_HUB.values(), ...FILES.values(), ...LFS_ROUTES]; // prettier-ignore

export function notFound(): FaceReply {
  return errorReply(404, undefined, 'Not Found');
}

/** The commit marks the end of the repository's name here. */
function findCached(request: FaceRequest, segments: readonly string[], context: FaceContext): Answer | undefined {
  const kind = kindOfPlural(segments[0]);
  const at = segments.findIndex((segment, index) => index > 1 && index <= 3 && /^[0-9a-f]{40}$/.test(segment));
  const named = kind === undefined || at < 0 ? undefined : parseRepositoryPath(segments.slice(1, at), kind, FILE_WORDS);
  if (named === undefined) return undefined;
  return () => answerFile({ request, context, named: { ...named, rest: segments.slice(at) } }, false);
}
