import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { unsafeReason } from '../../base/index.js';
import { asSluiceErrors, unless } from '../files/errors.js';
import { hashFile } from '../files/hash-file.js';
import type { Store } from '../port.js';
import { entryFits } from './place/view-entries.js';
import type { ViewEntry } from './port.js';
import { refreshIndex } from './repository/land-repository.js';
import { VIEWS, listViews, recordName, type ViewRecord } from './view-record.js';

export interface RemovedView {
  /** Names that are gone. */
  readonly removed: readonly string[];
  /** Names that are somebody else's by now, or that another view needs. */
  readonly left: readonly string[];
}

/** Removes exactly what was made for a view, where it is still as it was made; then folders that became empty; then the record. */
export function removeView(store: Store, record: ViewRecord): Promise<RemovedView> {
  return asSluiceErrors(async () => {
    const shared = await namesOfOthers(store, record);
    const removed: string[] = [];
    const left: string[] = [];
    for (const entry of inOrder(record.entries)) {
      const gone = !shared.has(entry.path) && (await removeEntry(record, entry));
      (gone ? removed : left).push(entry.path);
    }
    if (record.kind === 'repository') await refreshIndex(record.root);
    await pruneFolders(record.root, removed);
    await store.documents.remove(VIEWS, recordName(record));
    return { removed, left };
  });
}

async function namesOfOthers(store: Store, record: ViewRecord): Promise<ReadonlySet<string>> {
  const others = (await listViews(store)).filter(
    (other) => other.kind === record.kind && other.root === record.root && recordName(other) !== recordName(record),
  );
  return new Set(others.flatMap((other) => other.entries.map((entry) => entry.path)));
}

/** Links before what they may point to: a blob goes only when nothing points there any more. */
function inOrder(entries: readonly ViewEntry[]): readonly ViewEntry[] {
  const rank = (entry: ViewEntry): number => (isHfBlob(entry.path) ? 2 : entry.type === 'symlink' ? 0 : 1);
  return [...entries].sort((one, other) => rank(one) - rank(other));
}

async function removeEntry(record: ViewRecord, entry: ViewEntry): Promise<boolean> {
  if (unsafeReason(entry.path) !== undefined || !(await hasRealFolders(record.root, dirname(entry.path)))) return false;
  const path = join(record.root, entry.path);
  const found = await unless(lstat(path, { bigint: true }));
  if (found === undefined || !(await isStillOurs(entry, path, found))) return false;
  if (record.kind === 'hf' && isHfBlob(entry.path) && (await isPointedTo(path))) return false;
  await rm(path, { force: true });
  return true;
}

async function isStillOurs(entry: ViewEntry, path: string, found: BigIntStats): Promise<boolean> {
  if (entry.type === 'symlink') return found.isSymbolicLink() && (await readlink(path)) === entry.target;
  if (entryFits(entry, found)) return true;
  return found.isFile() && found.size === BigInt(entry.sizeBytes) && (await hashFile(path)).sha256 === entry.sha256;
}

/** No symlink on the way: what stands behind one is not in this view. */
async function hasRealFolders(root: string, folder: string): Promise<boolean> {
  if (folder === '.') return true;
  if (!(await hasRealFolders(root, dirname(folder)))) return false;
  return (await unless(lstat(join(root, folder))))?.isDirectory() === true;
}

function isHfBlob(path: string): boolean {
  return path.split('/')[1] === 'blobs' && path.split('/').length === 3;
}

/** Whether a snapshot, perhaps of another commit or made by another tool, shows this blob of a Hugging Face cache. */
async function isPointedTo(blob: string): Promise<boolean> {
  const snapshots = join(dirname(dirname(blob)), 'snapshots');
  const entries = (await unless(readdir(snapshots, { withFileTypes: true, recursive: true }))) ?? [];
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue;
    const target = await unless(readlink(join(entry.parentPath, entry.name)));
    if (target !== undefined && basename(target) === basename(blob)) return true;
  }
  return false;
}

async function pruneFolders(root: string, removed: readonly string[]): Promise<void> {
  const folders = new Set(removed.flatMap((path) => parents(path)));
  for (const folder of [...folders].sort((one, other) => other.length - one.length)) {
    await unless(rmdir(join(root, folder)), ['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM', 'EACCES', 'EBUSY']);
  }
}

function parents(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === '.' ? [] : [folder, ...parents(folder)];
}
