import { SluiceError } from '../base/index.js';

export type RepositoryKind = 'model' | 'dataset' | 'space';

/** A repository of a hub. `id` is `name` or `org/name`. */
export interface RepositoryRef {
  readonly origin: 'hf' | 'ms';
  readonly kind: RepositoryKind;
  readonly id: string;
  readonly revision?: string;
}

/** One file, or a checksum list that names files beside it. */
export interface UrlRef {
  readonly origin: 'https';
  readonly url: string;
}

export type Ref = RepositoryRef | UrlRef;

const KIND_PREFIXES: Readonly<Record<string, RepositoryKind>> = {
  models: 'model',
  datasets: 'dataset',
  spaces: 'space',
};

/**
 * Reads what a person types: `hf:org/name@rev`, `hf:datasets/org/name`, `ms:org/name`, `https://…`, a bare `org/name`
 * (Hugging Face), or the web address of a repository on huggingface.co or modelscope.cn.
 * @throws SluiceError BAD_REF
 */
export function parseRef(text: string): Ref {
  const trimmed = text.trim();
  const scheme = /^([a-z0-9+]+):/i.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') return parseUrl(trimmed, text);
  if (scheme === 'hf' || scheme === 'ms') return parseRepository(scheme, trimmed.slice(3).replace(/^\/\//, ''), text);
  if (scheme !== undefined) throw bad(text, `the scheme ${scheme}: is not known here`);
  return parseRepository('hf', trimmed, text);
}

/** The ref in its canonical spelling, without revision unless it has one. It is shown and recorded, so a URL's user info is left out. */
export function formatRef(ref: Ref): string {
  if (ref.origin === 'https') return withoutUserInfo(ref.url);
  return `${ref.origin}:${repositoryPath(ref)}${ref.revision === undefined ? '' : `@${ref.revision}`}`;
}

function withoutUserInfo(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href;
}

/** `org/name`, `datasets/org/name`, `spaces/org/name`. */
export function repositoryPath(ref: RepositoryRef): string {
  return ref.kind === 'model' ? ref.id : `${ref.kind}s/${ref.id}`;
}

function parseRepository(origin: 'hf' | 'ms', rest: string, text: string): RepositoryRef {
  const at = rest.indexOf('@');
  const path = at < 0 ? rest : rest.slice(0, at);
  const revision = at < 0 ? undefined : rest.slice(at + 1);
  if (revision !== undefined) checkRevision(revision, text);
  const segments = path.split('/');
  const first = segments[0] ?? '';
  const kind = segments.length > 1 && Object.hasOwn(KIND_PREFIXES, first) ? KIND_PREFIXES[first] : undefined;
  const names = kind === undefined ? segments : segments.slice(1);
  if (names.length > 2) throw bad(text, 'a repository is org/name');
  if (origin === 'ms' && names.length !== 2) throw bad(text, 'a ModelScope repository is org/name');
  for (const name of names) checkName(name, text);
  return { origin, kind: kind ?? 'model', id: names.join('/'), ...(revision === undefined ? {} : { revision }) };
}

function parseUrl(url: string, text: string): Ref {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw bad(text, 'not a valid URL');
  }
  return webAddress(parsed, text) ?? { origin: 'https', url: parsed.href };
}

/** The repository that a hub's web page shows, when the URL is one (`/tree/rev` is its revision). */
function webAddress(url: URL, text: string): RepositoryRef | undefined {
  const isHf = /^(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)$/.test(url.hostname);
  const isMs = /^(?:www\.)?modelscope\.(?:cn|ai)$/.test(url.hostname);
  if (!isHf && !isMs) return undefined;
  const segments = decodedSegments(url, text);
  const kind = Object.hasOwn(KIND_PREFIXES, segments[0] ?? '') ? KIND_PREFIXES[segments[0] ?? ''] : undefined;
  const [org, name, ...tail] = kind === undefined ? segments : segments.slice(1);
  if (org === undefined || name === undefined || org === 'api' || !isName(org) || !isName(name)) return undefined;
  const base = { origin: isHf ? 'hf' : 'ms', kind: kind ?? 'model', id: `${org}/${name}` } as const;
  if (tail.length === 0 || (isMs && ['summary', 'files'].includes(tail[0] ?? ''))) return base;
  if (tail[0] !== 'tree' || tail.length < 2) return undefined;
  const revision = tail.slice(1).join('/');
  checkRevision(revision, text);
  return { ...base, revision };
}

function decodedSegments(url: URL, text: string): string[] {
  try {
    return url.pathname
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    throw bad(text, 'its percent-encoding is broken');
  }
}

function checkName(name: string, text: string): void {
  if (!isName(name)) throw bad(text, `"${name}" cannot be part of a name`);
}

function isName(name: string): boolean {
  return (
    /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/.test(name) &&
    name.length <= 96 &&
    !name.includes('..') &&
    !name.includes('--') &&
    !name.endsWith('.git')
  );
}

function checkRevision(revision: string, text: string): void {
  const fine =
    /^[A-Za-z0-9_][A-Za-z0-9._/+#@-]*$/.test(revision) &&
    revision.length <= 255 &&
    !/\.\.|\/\/|\/$|\.lock$/.test(revision);
  if (!fine) throw bad(text, `"${revision}" cannot be a revision`);
}

function bad(ref: string, reason: string): SluiceError {
  return new SluiceError('BAD_REF', { ref, reason });
}
