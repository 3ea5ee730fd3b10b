import type { Content, FaceReply, Snapshot } from '../../face.js';
import type { ManifestFile } from '../../port.js';
import { encodePath } from '../../endpoint.js';
import type { Addressed } from './context.js';
import { errorReply } from './errors.js';
import { gitOidOf } from './git-names.js';
import { lfsPointer } from './pointer.js';
import { entryNotFound, json, snapshotHeaders } from './replies.js';
import { refOf, snapshotOf, splitRevision } from './revision.js';
import { TreeIndex } from './tree-index.js';

const XET_INFO = 'application/vnd.xet-fileinfo+json';
/** So long after bytes turned out wrong nobody may go on with a file that he began before. */
const WRONG_MS = 120_000;

/** `GET /{repo}/resolve/{rev}/{path}` and `/api/resolve-cache/…`: the bytes themselves, never a redirect; `raw`: what git has. */
export async function answerFile(at: Addressed, isRaw: boolean): Promise<FaceReply> {
  const { revision, path } = splitRevision(at.named.rest);
  const { request, context, named } = at;
  if (path !== undefined && request.method === 'GET' && !isRaw)
    context.catalogue.expect?.(refOf(named, revision), path, request.caller);
  const snapshot = await snapshotOf(at, revision);
  const file = path === undefined ? undefined : TreeIndex.of(snapshot.files).file(path);
  if (file === undefined) return entryNotFound(snapshot);
  const { sha256 } = file.digests;
  if (isRaw && sha256 !== undefined) return pointerReply(at, snapshot, file, sha256);
  return fileReply(at, snapshot, file);
}

/** The bytes of a file that a listing has. */
export async function fileReply(at: Addressed, snapshot: Snapshot, file: ManifestFile): Promise<FaceReply> {
  const { request, context } = at;
  const content = await context.catalogue.content(snapshot, file, request.caller);
  const headers = fileHeaders(at, snapshot, file);
  const info = xetInfo(at, file, headers);
  if (info !== undefined) return info;
  if (isResumedTooLate(content, request.headers.range, context.now()))
    return errorReply(412, undefined, 'Bytes of this file that were given out before were wrong: begin anew.', headers);
  return { status: 200, headers: { ...headers, 'x-cache-status': content.status }, content };
}

async function pointerReply(
  { request, context }: Addressed,
  snapshot: Snapshot,
  file: ManifestFile,
  sha256: string,
): Promise<FaceReply> {
  await context.catalogue.admit(snapshot, request.caller);
  const etag = `"${gitOidOf(file)}"`;
  const headers = { ...snapshotHeaders(snapshot), etag, 'content-type': 'text/plain; charset=utf-8' };
  return { status: 200, headers, body: lfsPointer(sha256, file.sizeBytes ?? 0) };
}

type FileHeaders = Readonly<Record<string, string>> & { readonly etag: string };

function fileHeaders(at: Addressed, snapshot: Snapshot, file: ManifestFile): FileHeaders {
  const { sha256 } = file.digests;
  const etag = `"${sha256 ?? gitOidOf(file)}"`;
  const name = file.path.split('/').at(-1) ?? '';
  const ascii = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
  return {
    ...snapshotHeaders(snapshot),
    etag,
    'accept-ranges': 'bytes',
    'content-type': sha256 === undefined ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    'content-disposition': `inline; filename*=UTF-8''${encodeName(name)}; filename="${ascii}";`,
    ...(sha256 === undefined ? {} : { 'x-linked-etag': etag, 'x-linked-size': String(file.sizeBytes ?? 0) }),
    ...xetHeaders(at, snapshot, file),
  };
}

function xetHeaders({ request, context, named }: Addressed, { pinned }: Snapshot, file: ManifestFile): object {
  const { xet } = context;
  const hash = xet?.fileId(file);
  if (xet === undefined || hash === undefined) return {};
  const { kind, id } = named.repository;
  const token = `${request.publicUrl}/api/${kind}s/${encodePath(id)}/xet-read-token/${pinned.commit}`;
  const place = `${xet.casUrl(request.publicUrl)}/v1/reconstructions/${hash}`;
  return { 'x-xet-hash': hash, link: `<${token}>; rel="xet-auth", <${place}>; rel="xet-reconstruction-info"` };
}

/** The JavaScript client asks so whether there is Xet; it reads the headers. */
function xetInfo({ request, context }: Addressed, file: ManifestFile, headers: FileHeaders): FaceReply | undefined {
  const hash = context.xet?.fileId(file);
  if (hash === undefined || !(request.headers.accept ?? '').includes(XET_INFO)) return undefined;
  return json({ hash, size: file.sizeBytes ?? 0, etag: headers.etag }, { ...headers, 'content-type': XET_INFO });
}

/** Clients go on after a cut where they stopped, and check nothing in the end. */
function isResumedTooLate({ wrongAtMs }: Content, range: string | undefined, now: number): boolean {
  return wrongAtMs !== undefined && now - wrongAtMs < WRONG_MS && /^bytes=\s*0*[1-9]/.test(range ?? '');
}

/** RFC 8187. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
