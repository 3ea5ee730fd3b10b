import type { RepositoryKind, RepositoryRef } from '../../ref.js';
import { ANY_METHOD, type Route } from '../../routes.js';

/** What a path of the ModelScope API asks for. */
export type Asked =
  | { readonly what: 'login' }
  | { readonly what: 'acceleration' }
  | {
      readonly what: 'info' | 'revisions' | 'listing' | 'file';
      readonly repository: Omit<RepositoryRef, 'revision'>;
    }
  /** A data set by the number that `info` gave it. */
  | { readonly what: 'info' | 'revisions' | 'listing' | 'file'; readonly number: number };

const KINDS: Readonly<Record<string, RepositoryKind>> = { models: 'model', datasets: 'dataset' };
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;
const WHAT: Readonly<Record<string, 'info' | 'revisions' | 'listing' | 'file'>> = {
  '': 'info',
  revisions: 'revisions',
  'repo/files': 'listing',
  'repo/tree': 'listing',
  repo: 'file',
};

const ROOT = '/api/v1';
const LOGIN = 'login';
const ACCELERATION = 'internalAccelerationInfo';
/** Kinds of repositories that the first generation asks for by number. */
const NUMBERED: ReadonlySet<RepositoryKind> = new Set<RepositoryKind>(['dataset']);

const places = Object.entries(KINDS).flatMap(([plural, kind]) => [
  `${plural}/{repository}`,
  ...(NUMBERED.has(kind) ? [`${plural}/{number}`] : []),
]);

export const MODEL_SCOPE_ROUTES: readonly Route[] = [
  { path: `${ROOT}/${LOGIN}`, methods: ['POST'] },
  { path: `${ROOT}/{area}/${ACCELERATION}`, methods: ANY_METHOD },
  ...places.flatMap((place) =>
    Object.keys(WHAT).map((what) => ({ path: [ROOT, place, what].join('/').replace(/\/$/, ''), methods: ANY_METHOD })),
  ),
];
/** What is asked by whoever has nothing to show yet. */
export const isLogin = (path: string): boolean => path === `${ROOT}/${LOGIN}`;

/** Reads `/api/v1/…`, percent-encoded as it came. Undefined when it is none of this protocol's. */
export function parseRoute(path: string): Asked | undefined {
  const segments = path.replace(/\/+$/, '').split('/').slice(1).map(decode);
  if (segments[0] !== 'api' || segments[1] !== 'v1' || segments.includes(undefined)) return undefined;
  const [area = '', ...rest] = segments.slice(2) as string[];
  if (area === LOGIN && rest.length === 0) return { what: 'login' };
  if (rest[0] === ACCELERATION) return { what: 'acceleration' };
  const kind = Object.hasOwn(KINDS, area) ? KINDS[area] : undefined;
  if (kind === undefined) return undefined;
  const [owner = '', name = ''] = rest;
  if (NUMBERED.has(kind) && /^\d{1,15}$/.test(owner)) {
    const what = whatOf(rest.slice(1));
    return what === undefined ? undefined : { what, number: Number(owner) };
  }
  const what = whatOf(rest.slice(2));
  if (what === undefined || !isName(owner) || !isName(name)) return undefined;
  return { what, repository: { origin: 'ms', kind, id: `${owner}/${name}` } };
}

function whatOf(rest: readonly string[]): 'info' | 'revisions' | 'listing' | 'file' | undefined {
  const action = rest.join('/');
  return Object.hasOwn(WHAT, action) ? WHAT[action] : undefined;
}

function isName(name: string): boolean {
  return NAME.test(name) && name.length <= 96 && !name.includes('..') && !name.includes('--') && !name.endsWith('.git');
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
