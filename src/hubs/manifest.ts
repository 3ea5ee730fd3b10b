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
  for (const { path, sizeBytes } of files) {
    assertSafePath(path);
    if (sizeBytes !== undefined && !isSize(sizeBytes))
      throw refuse(`the size of ${printable(path)} is not possible (${sizeBytes})`);
  }
  // Most names are folded already: of a long listing this holds hardly more than the listing itself.
  const folded = files.map(({ path }) => fold(path)).sort(byText);
  for (const [at, name] of folded.entries())
    if (at > 0 && folded[at - 1] === name) throw refuse(twinReason(name, files));
  let checked = '';
  for (const name of folded) {
    const folder = name.slice(0, Math.max(0, name.lastIndexOf('/')));
    if (folder === checked) continue;
    checked = folder;
    const obstacle = fileAmongFolders(folder, folded);
    if (obstacle !== undefined) throw refuse(`${printable(nameOf(obstacle, files))} is a file and a folder`);
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

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function twinReason(folded: string, files: readonly ManifestFile[]): string {
  const [one = '', other = ''] = files.filter(({ path }) => fold(path) === folded).map(({ path }) => path);
  return one === other
    ? `${printable(one)} is listed twice`
    : `${printable(one)} and ${printable(other)} would be the same file on some machines`;
}

function nameOf(folded: string, files: readonly ManifestFile[]): string {
  return files.find(({ path }) => fold(path) === folded)?.path ?? folded;
}

/** The folder, or one that it stands in, where that is a file. `names` are sorted. */
function fileAmongFolders(folder: string, names: readonly string[]): string | undefined {
  for (let slash = folder.indexOf('/'); ; slash = folder.indexOf('/', slash + 1)) {
    const above = slash < 0 ? folder : folder.slice(0, slash);
    if (above !== '' && isAmong(above, names)) return above;
    if (slash < 0) return undefined;
  }
}

function isAmong(name: string, names: readonly string[]): boolean {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? '') < name) low = middle + 1;
    else high = middle;
  }
  return names[low] === name;
}
