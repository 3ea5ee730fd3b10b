import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../base/index.js';

const MOST_FILES = 100_000;

/** Files and what links lead to; folders behind links are not entered, since they may lead around in circles. Sorted. @throws SluiceError USAGE */
export async function filesBelow(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (await isFile(entry, path)) found.push(path);
    if (found.length > MOST_FILES) throw new SluiceError('USAGE', { reason: `more than ${MOST_FILES} files` });
  }
  return found.sort();
}

async function isFile(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
