import type { ManifestFile } from '../../port.js';
import type { Snapshot } from '../../face.js';

/** One entry of a listing: what clients of both generations read. */
export type Entry = Readonly<Record<string, unknown>> & { readonly Type: 'blob' | 'tree'; readonly Path: string };

/** Entries below `root` (`''` for all), each folder before what is in it. Undefined when there is no such folder. */
export function listEntries(snapshot: Snapshot, root: string, recursive: boolean): readonly Entry[] | undefined {
  const folder = root.replace(/^\/+|\/+$/g, '');
  const prefix = folder === '' ? '' : `${folder}/`;
  const inside = snapshot.files.filter(({ path }) => path.startsWith(prefix));
  if (inside.length === 0 && folder !== '') return undefined;
  const { commit } = snapshot.pinned;
  const folders = new Set<string>();
  const entries: Entry[] = [];
  for (const file of inside) {
    const parts = file.path.slice(prefix.length).split('/');
    const depth = recursive ? parts.length - 1 : Math.min(1, parts.length - 1);
    for (let count = 1; count <= depth; count += 1) folders.add(prefix + parts.slice(0, count).join('/'));
    if (recursive || parts.length === 1) entries.push(fileEntry(file, commit));
  }
  return [...entries, ...[...folders].map((path) => folderEntry(path, commit))].sort((a, b) =>
    a.Path < b.Path ? -1 : 1,
  );
}

function fileEntry({ path, sizeBytes = 0, digests, fileRevision }: ManifestFile, commit: string): Entry {
  const { sha256 = '', gitSha1 } = digests;
  return { ...common(path, fileRevision ?? commit), Type: 'blob', Size: sizeBytes, Sha256: sha256, Mode: '33188', IsLFS: gitSha1 === undefined }; // prettier-ignore
}

function folderEntry(path: string, commit: string): Entry {
  return { ...common(path, commit), Type: 'tree', Size: 0, Sha256: '', Mode: '16384', IsLFS: false };
}

/** When, and by whom, files were committed is not known here; clients show it and nothing more. */
function common(path: string, revision: string): { Path: string } & Record<string, unknown> {
  const Name = path.split('/').at(-1) ?? path;
  return {
    Path: path,
    Name,
    Revision: revision,
    CommittedDate: 0,
    CommitMessage: '',
    CommitterName: '',
    InCheck: false,
  };
}
