import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unless } from './errors.js';

/** Every regular file in a folder and its folders; none where there is no such folder. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = (await unless(readdir(folder, { withFileTypes: true, recursive: true }))) ?? [];
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
