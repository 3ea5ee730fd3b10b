import type { RepositoryKind, RepositoryRef } from '../../ref.js';

/** What a path of the ModelScope API asks for. */
export type Route =
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

/** Kinds of repositories, and the paths by which something of one is read: a test asks each of them on behalf of everybody. */
export const MODEL_SCOPE_KINDS: readonly string[] = Object.keys(KINDS);
export const MODEL_SCOPE_PATHS: readonly string[] = Object.keys(WHAT);

/** Reads `/api/v1/…`, percent-encoded as it came. Undefined when it is none of this protocol's. */
export function parseRoute(path: string): Route | undefined {
  const segments = path.replace(/\/+$/, '').split('/').slice(1).map(decode);
  if (segments[0] !== 'api' || segments[1] !== 'v1' || segments.includes(undefined)) return undefined;
  const [area = '', ...rest] = segments.slice(2) as string[];
  if (area === 'login' && rest.length === 0) return { what: 'login' };
  if (rest[0] === 'internalAccelerationInfo') return { what: 'acceleration' };
  const kind = Object.hasOwn(KINDS, area) ? KINDS[area] : undefined;
  if (kind === undefined) return undefined;
  const [owner = '', name = ''] = rest;
  if (kind === 'dataset' && /^\d{1,15}$/.test(owner)) {
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
