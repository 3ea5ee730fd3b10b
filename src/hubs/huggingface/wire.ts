import { printable, type Digests, type SluiceError } from '../../base/index.js';
import { asArray, asHex, asObject, asString, field } from '../fields.js';
import type { ManifestFile } from '../port.js';

/** What makes no sense in an answer, as an error of its host. */
export type Refuse = (reason: string) => SluiceError;

/** The commit in an answer of `GET /api/{kind}s/{id}/revision/{revision}`. */
export function parseCommit(value: unknown, refuse: Refuse): string {
  const commit = asHex(field(asObject(value), 'sha'), 40);
  if (commit === undefined) throw refuse('the revision has no commit of 40 hex digits');
  return commit;
}

/** Whether the same answer says that everybody may read the repository; undefined when it does not say. */
export function parseIsPublic(value: unknown): boolean | undefined {
  const info = asObject(value);
  const [hidden, gated] = [field(info, 'private'), field(info, 'gated')];
  if (typeof hidden !== 'boolean' || gated === undefined) return undefined;
  return !hidden && gated === false && field(info, 'disabled') !== true;
}

/** One page of `GET /api/{kind}s/{id}/tree/{revision}?recursive=true`: its files, and how many entries it had. */
export function parseTreePage(
  value: unknown,
  refuse: Refuse,
): { readonly files: ManifestFile[]; readonly entries: number } {
  const entries = asArray(value);
  if (entries === undefined) throw refuse('the tree is not a list');
  const files: ManifestFile[] = [];
  for (const entry of entries) {
    const file = parseEntry(entry, refuse);
    if (file !== undefined) files.push(file);
  }
  return { files, entries: entries.length };
}

/**
 * Folders, and kinds of entries that nobody knows yet, are no files; but they say what they are and where, since a tree that nobody understands would otherwise be one
 * without files, of which everything is definitely absent.
 */
function parseEntry(value: unknown, refuse: Refuse): ManifestFile | undefined {
  const entry = asObject(value);
  if (entry === undefined) throw refuse('an entry of the tree is not an object');
  const path = asString(field(entry, 'path'));
  if (path === undefined) throw refuse('an entry of the tree has no path');
  const shown = printable(path);
  const type = asString(field(entry, 'type'));
  if (type === undefined || type === '') throw refuse(`${shown} has no type`);
  if (type !== 'file') {
    const size = field(entry, 'size') ?? 0;
    if (typeof size !== 'number') throw refuse(`the size of ${shown} is none`);
    return undefined;
  }
  const gitOid = asHex(field(entry, 'oid'), 40);
  if (gitOid === undefined) throw refuse(`${shown} has no git object id`);
  const lfs = field(entry, 'lfs');
  // A hash of another shape is hidden from this caller, not a fault.
  const xetHash = asHex(field(entry, 'xetHash'), 64);
  if (lfs === undefined || lfs === null)
    return fileOf(path, gitOid, xetHash, parseSize(field(entry, 'size'), shown, refuse), { gitSha1: gitOid });
  const sha256 = parseLfsOid(field(asObject(lfs), 'oid'));
  if (sha256 === undefined) throw refuse(`${shown} is in LFS without a SHA-256`);
  return fileOf(path, gitOid, xetHash, parseSize(field(asObject(lfs), 'size'), shown, refuse), { sha256 });
}

/** Literals, since V8 gives an object that is spread together hidden classes of its own: in a long listing they took twice what the files did. */
function fileOf(
  path: string,
  gitOid: string,
  xetHash: string | undefined,
  sizeBytes: number,
  digests: Digests,
): ManifestFile {
  return xetHash === undefined ? { path, gitOid, sizeBytes, digests } : { path, gitOid, xetHash, sizeBytes, digests };
}

function parseLfsOid(value: unknown): string | undefined {
  return asHex(typeof value === 'string' && value.startsWith('sha256:') ? value.slice(7) : value, 64);
}

/** Bounds are checked with the whole listing. */
function parseSize(value: unknown, shown: string, refuse: Refuse): number {
  if (typeof value !== 'number') throw refuse(`${shown} has no size`);
  return value;
}

/**
 * The query of the next page in a `Link` header (RFC 8288), or undefined on the last one. Only the query is taken: mirrors pass on
 * links that lead to the hub they mirror, and no listing may send its reader, with credentials, to another place.
 */
export function parseNextQuery(link: string | undefined): string | undefined {
  for (const part of (link ?? '').split(/,(?=\s*<)/)) {
    const match = /^\s*<([^<>]*)>([^<>]*)$/.exec(part);
    if (match === null || !/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?:[\s;]|$))/i.test(match[2] ?? ''))
      continue;
    const target = match[1] ?? '';
    const mark = target.indexOf('?');
    return mark < 0 ? '' : (target.slice(mark + 1).split('#')[0] ?? '');
  }
  return undefined;
}
