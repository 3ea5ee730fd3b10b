import { sha256Of } from '../content.js';
import type { TreeFolder } from '../git-objects.js';
import { lfsPointer } from '../git-objects.js';
import type { Commit, StoredFile } from '../repository.js';
import type { XetService } from '../xet/service.js';

export interface TreeEntry {
  readonly type: 'file' | 'directory';
  readonly path: string;
  readonly [key: string]: unknown;
}

/** What entries are made from. */
export interface Listed {
  readonly commit: Commit;
  readonly xet: XetService | undefined;
  /** With the last commit, and what scanners said. */
  readonly expand: boolean;
}

/** The entries of a folder of the commit, or undefined when there is no such folder. */
export function treeEntries(listed: Listed, folderPath: string, recursive: boolean): TreeEntry[] | undefined {
  const folder = findFolder(listed.commit.tree, folderPath);
  if (folder === undefined) return undefined;
  const entries: TreeEntry[] = [];
  collect(listed, folder, folderPath, recursive, entries);
  return entries;
}

/** The entry of one path, file or folder. */
export function pathEntry(listed: Listed, path: string): TreeEntry | undefined {
  const file = listed.commit.files.get(path);
  if (file !== undefined) return fileEntry(listed, file);
  const folder = path === '' ? undefined : findFolder(listed.commit.tree, path);
  return folder === undefined ? undefined : folderEntry(listed, path, folder);
}

export function pointerBytes(file: StoredFile): number {
  return Buffer.byteLength(lfsPointer(sha256Of(file.content), file.sizeBytes));
}

function collect(listed: Listed, folder: TreeFolder, path: string, recursive: boolean, entries: TreeEntry[]): void {
  const prefix = path === '' ? '' : `${path}/`;
  const inner = [...folder.folders].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, child] of inner) {
    entries.push(folderEntry(listed, prefix + name, child));
    if (recursive) collect(listed, child, prefix + name, recursive, entries);
  }
  for (const name of [...folder.files.keys()].sort()) {
    const file = listed.commit.files.get(prefix + name);
    if (file !== undefined) entries.push(fileEntry(listed, file));
  }
}

function findFolder(root: TreeFolder, path: string): TreeFolder | undefined {
  let folder: TreeFolder | undefined = root;
  for (const name of path.split('/').filter((part) => part !== '')) folder = folder?.folders.get(name);
  return folder;
}

function folderEntry({ commit, expand }: Listed, path: string, folder: TreeFolder): TreeEntry {
  return { type: 'directory', oid: folder.oid, size: 0, path, ...(expand ? lastCommit(commit) : {}) };
}

function fileEntry({ commit, xet, expand }: Listed, file: StoredFile): TreeEntry {
  const lfs = file.isLfs ? { lfs: { oid: file.sha256, size: file.sizeBytes, pointerSize: pointerBytes(file) } } : {};
  const xetHash = xet?.find(file)?.hash;
  const security = { securityFileStatus: { status: 'safe', avScan: null, pickleImportScan: null } };
  return {
    type: 'file',
    oid: file.oid,
    size: file.sizeBytes,
    ...lfs,
    ...(xetHash === undefined ? {} : { xetHash }),
    path: file.path,
    ...(expand ? { ...lastCommit(commit), ...security } : {}),
  };
}

function lastCommit(commit: Commit): object {
  return { lastCommit: { id: commit.id, title: commit.title, date: commit.date.toISOString() } };
}
