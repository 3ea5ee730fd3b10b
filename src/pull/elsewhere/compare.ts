import type { FileDifference } from '../../base/index.js';
import type { ManifestFile } from '../../hubs/index.js';

export interface Comparison {
  /** By the path of the wanted file, what the other listing calls the same content. */
  readonly agree: ReadonlyMap<string, ManifestFile>;
  readonly differ: readonly FileDifference[];
  readonly lack: readonly string[];
}

/**
 * Finds wanted files in another listing: the same SHA-256 and, where both are known, the same size, under whatever path. A file without a SHA-256 on
 * either side never agrees. What the other has under the same path as something else differs; the rest it lacks.
 */
export function compareFiles(wanted: readonly ManifestFile[], theirs: readonly ManifestFile[]): Comparison {
  const byPath = new Map(theirs.map((file) => [file.path, file]));
  const byContent = new Map<string, ManifestFile>();
  for (const file of theirs) if (file.digests.sha256 !== undefined) byContent.set(file.digests.sha256, file);
  const agree = new Map<string, ManifestFile>();
  const differ: FileDifference[] = [];
  const lack: string[] = [];
  for (const file of wanted) {
    const beside = byPath.get(file.path);
    const same = [beside, byContent.get(file.digests.sha256 ?? '')].find((other) => isSame(file, other));
    if (same !== undefined) agree.set(file.path, same);
    else if (beside !== undefined) differ.push(differenceOf(file, beside));
    else lack.push(file.path);
  }
  return { agree, differ, lack };
}

export function differenceOf(ours: ManifestFile, theirs: ManifestFile): FileDifference {
  return {
    file: ours.path,
    sizeBytes: ours.sizeBytes ?? null,
    sha256: ours.digests.sha256 ?? null,
    theirSizeBytes: theirs.sizeBytes ?? null,
    theirSha256: theirs.digests.sha256 ?? null,
  };
}

function isSame(ours: ManifestFile, theirs: ManifestFile | undefined): boolean {
  if (theirs === undefined || ours.digests.sha256 === undefined) return false;
  if (ours.digests.sha256 !== theirs.digests.sha256) return false;
  return ours.sizeBytes === undefined || theirs.sizeBytes === undefined || ours.sizeBytes === theirs.sizeBytes;
}
