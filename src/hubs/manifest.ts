import { SluiceError, assertSafePath, printable } from '../base/index.js';
import { MAX_FILES, MAX_FILE_BYTES } from './limits.js';
import type { Manifest, ManifestFile, Pinned } from './port.js';

/**
 * A listing checked as a whole: sorted by path, paths safe and unique also where case is ignored, no file where another has a folder,
 * sizes and number within `limits.ts`.
 * @throws SluiceError UNSAFE_PATH, BAD_MANIFEST
 */
export function makeManifest(pinned: Pinned, files: readonly ManifestFile[], host: string): Manifest {
  return { pinned, files: checkFiles(files, host) };
}

export function checkFiles(files: readonly ManifestFile[], host: string): readonly ManifestFile[] {
  const refuse = (reason: string): SluiceError => new SluiceError('BAD_MANIFEST', { host, reason });
  if (files.length > MAX_FILES) throw refuse(`more than ${MAX_FILES} files`);
  const seen = new Map<string, string>();
  for (const { path, sizeBytes } of files) {
    assertSafePath(path);
    if (sizeBytes !== undefined && !isSize(sizeBytes))
      throw refuse(`the size of ${printable(path)} is not possible (${sizeBytes})`);
    const folded = fold(path);
    const twin = seen.get(folded);
    if (twin !== undefined) throw refuse(twinReason(twin, path));
    seen.set(folded, path);
  }
  for (const { path } of files) {
    const obstacle = fileAmongFolders(path, seen);
    if (obstacle !== undefined) throw refuse(`${printable(obstacle)} is a file and a folder`);
  }
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function isSize(sizeBytes: number): boolean {
  return Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 && sizeBytes <= MAX_FILE_BYTES;
}

/** As file systems compare names that ignore case and Unicode composition. */
function fold(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function twinReason(one: string, other: string): string {
  return one === other
    ? `${printable(one)} is listed twice`
    : `${printable(one)} and ${printable(other)} would be the same file on some machines`;
}

function fileAmongFolders(path: string, files: ReadonlyMap<string, string>): string | undefined {
  const folded = fold(path);
  for (let slash = folded.indexOf('/'); slash >= 0; slash = folded.indexOf('/', slash + 1)) {
    const file = files.get(folded.slice(0, slash));
    if (file !== undefined) return file;
  }
  return undefined;
}
