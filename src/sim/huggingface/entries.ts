import { sha256Of } from '../content.js';
import type { TreeFolder } from '../git-objects.js';
import { lfsPointer } from '../git-objects.js';
import type { Commit, StoredFile } from '../repository.js';

export interface TreeEntry {
  readonly type: 'file' | 'directory';
  readonly path: string;
  readonly [key: string]: unknown;
}

/** The entries of a folder of the commit, or undefined when there is no such folder. */
export function treeEntries(
  commit: Commit,
  folderPath: string,
  recursive: boolean,
  expand: boolean,
): TreeEntry[] | undefined {
  const folder = findFolder(commit.tree, folderPath);
  if (folder === undefined) return undefined;
  const entries: TreeEntry[] = [];
  collect(commit, folder, folderPath, recursive, expand, entries);
  return entries;
}

/** The entry of one path, file or folder. */
export function pathEntry(commit: Commit, path: string, expand: boolean): TreeEntry | undefined {
  const file = commit.files.get(path);
  if (file !== undefined) return fileEntry(commit, file, expand);
  const folder = path === '' ? undefined : findFolder(commit.tree, path);
  return folder === undefined ? undefined : folderEntry(commit, path, folder, expand);
}

export function pointerBytes(file: StoredFile): number {
  return Buffer.byteLength(lfsPointer(sha256Of(file.content), file.sizeBytes));
}

function collect(
  commit: Commit,
  folder: TreeFolder,
  path: string,
  recursive: boolean,
  expand: boolean,
  entries: TreeEntry[],
): void {
  const prefix = path === '' ? '' : `${path}/`;
  const inner = [...folder.folders].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, child] of inner) {
    entries.push(folderEntry(commit, prefix + name, child, expand));
    if (recursive) collect(commit, child, prefix + name, recursive, expand, entries);
  }
  for (const name of [...folder.files.keys()].sort()) {
    const file = commit.files.get(prefix + name);
    if (file !== undefined) entries.push(fileEntry(commit, file, expand));
  }
}

function findFolder(root: TreeFolder, path: string): TreeFolder | undefined {
  let folder: TreeFolder | undefined = root;
  for (const name of path.split('/').filter((part) => part !== '')) folder = folder?.folders.get(name);
  return folder;
}

function folderEntry(commit: Commit, path: string, folder: TreeFolder, expand: boolean): TreeEntry {
  return { type: 'directory', oid: folder.oid, size: 0, path, ...(expand ? lastCommit(commit) : {}) };
}

function fileEntry(commit: Commit, file: StoredFile, expand: boolean): TreeEntry {
  const lfs = file.isLfs ? { lfs: { oid: file.sha256, size: file.sizeBytes, pointerSize: pointerBytes(file) } } : {};
  const security = { securityFileStatus: { status: 'safe', avScan: null, pickleImportScan: null } };
  return {
    type: 'file',
    oid: file.oid,
    size: file.sizeBytes,
    ...lfs,
    path: file.path,
    ...(expand ? { ...lastCommit(commit), ...security } : {}),
  };
}

function lastCommit(commit: Commit): object {
  return { lastCommit: { id: commit.id, title: commit.title, date: commit.date.toISOString() } };
}
