import type { ManifestFile } from '../../port.js';
import { gitBlobId, lfsPointer } from './pointer.js';

/** One entry of a tree as the API lists it. */
export type TreeEntry = Readonly<Record<string, unknown>> & {
  readonly type: 'file' | 'directory';
  readonly path: string;
};

/** Entries below `folder` (`''` for all), folders before the files beside them. Undefined when there is no such folder. */
export function treeEntries(
  files: readonly ManifestFile[],
  folder: string,
  recursive: boolean,
): readonly TreeEntry[] | undefined {
  const prefix = folder === '' ? '' : `${folder}/`;
  const inside = files.filter(({ path }) => path.startsWith(prefix));
  if (inside.length === 0 && folder !== '') return undefined;
  const folders = new Set<string>();
  const entries: TreeEntry[] = [];
  for (const file of inside) {
    const parts = file.path.slice(prefix.length).split('/');
    const depth = recursive ? parts.length - 1 : Math.min(1, parts.length - 1);
    for (let count = 1; count <= depth; count += 1) {
      const path = prefix + parts.slice(0, count).join('/');
      if (folders.has(path)) continue;
      folders.add(path);
      entries.push(folderEntry(files, path));
    }
    if (recursive || parts.length === 1) entries.push(fileEntry(file));
  }
  return entries;
}

/** The entry of one path, file or folder. */
export function pathEntry(files: readonly ManifestFile[], path: string): TreeEntry | undefined {
  const file = files.find((candidate) => candidate.path === path);
  if (file !== undefined) return fileEntry(file);
  return files.some((candidate) => candidate.path.startsWith(`${path}/`)) ? folderEntry(files, path) : undefined;
}

function fileEntry(file: ManifestFile): TreeEntry {
  const { path, sizeBytes = 0, digests } = file;
  const entry = { type: 'file', oid: gitOidOf(file), size: sizeBytes, path } as const;
  const lfs = lfsOf(file);
  return digests.sha256 === undefined || lfs === undefined
    ? entry
    : { ...entry, lfs: { oid: digests.sha256, size: sizeBytes, pointerSize: lfs.pointerSize } };
}

/** A folder's git id is not known here; one that stays the same for the same content does as well. */
function folderEntry(files: readonly ManifestFile[], path: string): TreeEntry {
  const inside = files
    .filter((file) => file.path.startsWith(`${path}/`))
    .map((file) => `${file.path} ${gitOidOf(file)}`);
  return { type: 'directory', oid: gitBlobId(inside.join('\n')), size: 0, path };
}

/** The id of what git has: of the file, or of the pointer to it. */
export function gitOidOf({ gitOid, digests, sizeBytes = 0 }: ManifestFile): string {
  const { gitSha1, sha256 } = digests;
  return gitOid ?? gitSha1 ?? gitBlobId(lfsPointer(sha256 ?? '', sizeBytes));
}

/** What a listing tells of a file in LFS. */
export function lfsOf({ digests, sizeBytes = 0 }: ManifestFile): { sha256: string; pointerSize: number } | undefined {
  const { sha256 } = digests;
  return sha256 === undefined ? undefined : { sha256, pointerSize: lfsPointer(sha256, sizeBytes).length };
}
