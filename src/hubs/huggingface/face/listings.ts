import type { FaceReply, Snapshot } from '../../face.js';
import { asObject, asString } from '../../fields.js';
import { encodePath } from '../../endpoint.js';
import type { Addressed } from './context.js';
import { errorReply } from './errors.js';
import { gitOidOf, lfsOf } from './git-names.js';
import { entryNotFound, isTrue, json, snapshotHeaders } from './replies.js';
import { refOf, snapshotOf, splitRevision } from './revision.js';
import { TreeIndex, type TreeNode } from './tree-index.js';

/** So many entries of a listing come at once: llama.cpp reads one page and no more. */
const PAGE_ENTRIES = 10_000;
const MAX_PATHS_BODY_BYTES = 4 * 1024 * 1024;
/** Different paths in one question; an entry is many times as long as a short path. */
const MAX_PATHS = 10_000;

type Entry = Readonly<Record<string, unknown>>;

/** `GET /api/models/{repo}/tree/{rev}[/{folder}]`, in pages of `PAGE_ENTRIES` chained by links to this server, pinned to the commit. */
export async function answerTree(at: Addressed): Promise<FaceReply> {
  const { request, named } = at;
  const { query } = request;
  const { revision, path = '\0' } = splitRevision(named.rest);
  const snapshot = await snapshotOf(at, revision);
  const index = TreeIndex.of(snapshot.files);
  const folder = index.folder(path);
  if (folder === undefined) return entryNotFound(snapshot);
  const limit = Math.min(PAGE_ENTRIES, count(query.get('limit')) ?? PAGE_ENTRIES);
  const start = count(Buffer.from(query.get('cursor') ?? '', 'base64url').toString()) ?? 0;
  const toEntry = await entryMaker(at, snapshot, isTrue(query.get('expand')));
  const page: Entry[] = [];
  let position = 0;
  let hasMore = false;
  for (const node of index.walk(folder, isTrue(query.get('recursive')))) {
    hasMore = page.length === limit;
    if (hasMore) break;
    if (position >= start) page.push(toEntry(node));
    position += 1;
  }
  const link = hasMore ? { link: `<${nextPage(at, snapshot, path, start + limit)}>; rel="next"` } : {};
  return json(page, { ...snapshotHeaders(snapshot), ...link });
}

/** `POST /api/models/{repo}/paths-info/{rev}`, the body a form or JSON: entries of those paths that exist. */
export async function answerPathsInfo(at: Addressed): Promise<FaceReply> {
  const { request, named } = at;
  const asked = readPaths(request.headers['content-type'], (await request.body(MAX_PATHS_BODY_BYTES)).toString());
  if (asked === undefined) return errorReply(400, undefined, 'paths must be a list of texts');
  const paths = new Set(asked.paths);
  if (paths.size > MAX_PATHS) return errorReply(413, undefined, `Ask for at most ${MAX_PATHS} paths at once.`);
  const snapshot = await snapshotOf(at, splitRevision(named.rest).revision);
  const index = TreeIndex.of(snapshot.files);
  const toEntry = await entryMaker(at, snapshot, asked.expand);
  const entries = [...paths].flatMap((text) => {
    const path = text.replace(/\/+$/, '');
    const file = index.file(path);
    const folder = path === '' ? undefined : index.folder(path);
    return file !== undefined ? [toEntry({ file })] : folder !== undefined ? [toEntry({ folder })] : [];
  });
  return json(entries, snapshotHeaders(snapshot));
}

/** `GET /api/models/{repo}/treesize/{rev}[/{folder}]`. */
export async function answerTreeSize(at: Addressed): Promise<FaceReply> {
  const { revision, path = '\0' } = splitRevision(at.named.rest);
  const snapshot = await snapshotOf(at, revision);
  const index = TreeIndex.of(snapshot.files);
  const folder = index.folder(path);
  const file = index.file(path);
  if (folder === undefined && file === undefined) return entryNotFound(snapshot);
  let size = file?.sizeBytes ?? 0;
  if (folder !== undefined)
    for (const node of index.walk(folder, true)) if ('file' in node) size += node.file.sizeBytes ?? 0;
  return json({ path, size }, snapshotHeaders(snapshot));
}

/**
 * Who changed a path last is not known here. The snapshot's own commit stands in its place: the JavaScript client takes it for the name of the snapshot, and is right
 * then.
 */
async function entryMaker(at: Addressed, snapshot: Snapshot, expand: boolean): Promise<(node: TreeNode) => Entry> {
  const last = expand ? { lastCommit: await lastCommit(at, snapshot) } : {};
  const { xet } = at.context;
  return (node) => {
    if ('folder' in node) return { type: 'directory', oid: node.folder.oid, size: 0, path: node.folder.path, ...last };
    const { file } = node;
    const size = file.sizeBytes ?? 0;
    const lfs = lfsOf(file);
    const xetHash = xet?.fileId(file);
    return {
      type: 'file',
      oid: gitOidOf(file),
      size,
      path: file.path,
      ...(lfs === undefined ? {} : { lfs: { oid: lfs.sha256, size, pointerSize: lfs.pointerSize } }),
      ...(xetHash === undefined ? {} : { xetHash }),
      ...last,
    };
  };
}

async function lastCommit({ context, request, named }: Addressed, { pinned }: Snapshot): Promise<Entry> {
  const ref = refOf(named, pinned.commit);
  const told = await context.catalogue.describe(ref, 'info', request.caller, request.signal).catch(() => undefined);
  const date = asString(asObject(told?.value)?.lastModified);
  const isDate = date !== undefined && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(date);
  return { id: pinned.commit, title: '', date: isDate ? date : new Date(0).toISOString() };
}

function nextPage({ request, named }: Addressed, { pinned }: Snapshot, folder: string, start: number): string {
  const { kind, id } = named.repository;
  const query = new URLSearchParams(request.query);
  query.set('cursor', Buffer.from(String(start)).toString('base64url'));
  const rest = folder === '' ? '' : `/${encodePath(folder)}`;
  return `${request.publicUrl}/api/${kind}s/${encodePath(id)}/tree/${pinned.commit}${rest}?${query.toString()}`;
}

function count(text: string | null): number | undefined {
  const number = /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0;
  return number > 0 ? number : undefined;
}

function readPaths(
  type: string | undefined,
  text: string,
): { readonly paths: readonly string[]; readonly expand: boolean } | undefined {
  if (type?.includes('json') !== true) {
    const form = new URLSearchParams(text);
    return { paths: form.getAll('paths'), expand: isTrue(form.get('expand')) };
  }
  try {
    const body = asObject(JSON.parse(text));
    const paths = typeof body?.paths === 'string' ? [body.paths] : body?.paths;
    const isList = Array.isArray(paths) && paths.every((path) => typeof path === 'string');
    return isList ? { paths, expand: body?.expand === true } : undefined;
  } catch {
    return undefined;
  }
}
