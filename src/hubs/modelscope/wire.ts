import { createHash } from 'node:crypto';

import { printable, type SluiceError } from '../../base/index.js';
import { asArray, asCount, asHex, asObject, asString, field, type JsonObject } from '../fields.js';
import type { ManifestFile } from '../port.js';

/** What makes no sense in an answer, as an error of its host. */
export type Refuse = (reason: string) => SluiceError;

/** A branch or tag. */
export interface Revision {
  readonly name: string;
  /** 40 hex, where the hub tells. */
  readonly commit?: string;
  /** Unix seconds. */
  readonly createdAtS?: number;
}

/** The `Data` of an envelope, or the refusal in one that came with status 200: hubs of both generations do that. */
export type Unwrapped = { readonly data: unknown } | { readonly code: number; readonly message: string };

/** Reads `{"Code":200,"Success":true,"Message":…,"Data":…}`, also in the lower case of the newer API. */
export function unwrap(value: unknown, refuse: Refuse): Unwrapped {
  const envelope = asObject(value);
  if (envelope === undefined) throw refuse('the answer is not an object');
  const code = field(envelope, 'Code') ?? field(envelope, 'code');
  const success = field(envelope, 'Success') ?? field(envelope, 'success');
  if (success === false || (typeof code === 'number' && code !== 200))
    return {
      code: typeof code === 'number' ? code : 0,
      message: asString(field(envelope, 'Message') ?? field(envelope, 'message')) ?? '',
    };
  return { data: field(envelope, 'Data') ?? field(envelope, 'data') };
}

/** `Data` of `GET /api/v1/{kind}s/{id}/revisions`: branches first. */
export function parseRevisions(data: unknown, refuse: Refuse): readonly Revision[] {
  const map = asObject(field(asObject(data), 'RevisionMap'));
  if (map === undefined) throw refuse('the revisions have no RevisionMap');
  if (!Object.hasOwn(map, 'Branches') && !Object.hasOwn(map, 'Tags')) throw refuse('the revisions have no branches and no tags'); // prettier-ignore
  return ['Branches', 'Tags'].flatMap((kind) => {
    const list = field(map, kind) ?? [];
    const entries = asArray(list);
    if (entries === undefined) throw refuse(`${kind} is not a list`);
    return entries.map((entry) => parseRevision(entry, refuse));
  });
}

function parseRevision(value: unknown, refuse: Refuse): Revision {
  const entry = asObject(value);
  const name = asString(field(entry, 'Revision'));
  if (name === undefined || name === '') throw refuse('a revision has no name');
  const commit = asHex(field(entry, 'CommitId'), 40);
  const createdAtS = asCount(field(entry, 'CreatedAt'));
  return {
    name,
    ...(commit === undefined ? {} : { commit }),
    ...(createdAtS === undefined ? {} : { createdAtS }),
  };
}

/** Whether `Data` of `GET /api/v1/{kind}s/{id}` calls the repository public (5) and unprotected. */
export function parseIsPublic(data: unknown): boolean {
  const info = asObject(data);
  return field(info, 'Visibility') === 5 && field(info, 'ProtectedMode') !== 1;
}

/** `Data` of a listing: `{"Files":[…]}`, or the list itself. Its files, and how many entries it had. */
export function parseFiles(
  data: unknown,
  refuse: Refuse,
): { readonly files: ManifestFile[]; readonly entries: number } {
  const listed = asObject(data) ?? {};
  const name = ['Files', 'files'].find((each) => Object.hasOwn(listed, each));
  // A repository without files has null here.
  const entries = asArray(data) ?? (name === undefined ? undefined : asArray(listed[name] ?? []));
  if (entries === undefined) throw refuse('the listing has no Files');
  const files: ManifestFile[] = [];
  for (const entry of entries) {
    const file = parseFile(asObject(entry), refuse);
    if (file !== undefined) files.push(file);
  }
  return { files, entries: entries.length };
}

/** Folders, and kinds that nobody knows yet, are no files; what does not say what and where it is makes the listing one that nobody understands. */
function parseFile(entry: JsonObject | undefined, refuse: Refuse): ManifestFile | undefined {
  if (entry === undefined) throw refuse('an entry of the listing is not an object');
  const path = asString(field(entry, 'Path'));
  if (path === undefined) throw refuse('an entry of the listing has no path');
  const shown = printable(path);
  const type = field(entry, 'Type') ?? 'blob';
  if (typeof type !== 'string' || type === '') throw refuse(`${shown} has no type`);
  const isFile = type === 'blob' || type === 'file';
  const sizeBytes = field(entry, 'Size') ?? (isFile ? undefined : 0);
  if (typeof sizeBytes !== 'number') throw refuse(`${shown} has no size`);
  if (!isFile) return undefined;
  const fileRevision = asHex(field(entry, 'Revision'), 40);
  const sha256 = parseSha256(field(entry, 'Sha256'), shown, refuse);
  const digests = sha256 === undefined ? {} : { sha256 };
  // Literals: V8 gives an object that is spread together a hidden class of its own.
  return fileRevision === undefined ? { path, sizeBytes, digests } : { path, sizeBytes, digests, fileRevision };
}

/** It may be missing or empty; anything else that is no SHA-256 is a fault. */
function parseSha256(value: unknown, shown: string, refuse: Refuse): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const sha256 = asHex(value, 64);
  if (sha256 === undefined) throw refuse(`the SHA-256 of ${shown} is none`);
  return sha256;
}

/**
 * An id in the place of a commit id for hubs that do not give one: the first 40 hex digits of the SHA-256 of the listing, which is
 * one line `path NUL size NUL sha256 NUL file-revision LF` per file, in the order of their paths.
 */
export function listingId(files: readonly ManifestFile[]): string {
  const hash = createHash('sha256');
  for (const { path, sizeBytes, digests, fileRevision } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1)))
    hash.update(`${path}\0${sizeBytes ?? ''}\0${digests.sha256 ?? ''}\0${fileRevision ?? ''}\n`);
  return hash.digest('hex').slice(0, 40);
}
