import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { SluiceError, toSluiceError } from '../base/index.js';

/** A file that a command was given, itself or by a folder above it. */
export interface NamedFile {
  readonly path: string;
  /** From the folder that was named, with forward slashes; its name for a file that was named itself. */
  readonly relative: string;
}

/** The files that are named, and those below folders that are, for which `isWanted`. Links are not followed below folders. @throws SluiceError USAGE, FILE_SYSTEM */
export async function filesBelow(
  names: readonly string[],
  cwd: string,
  isWanted: (relative: string) => boolean,
): Promise<readonly NamedFile[]> {
  const files: NamedFile[] = [];
  for (const name of names) {
    const path = resolve(cwd, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) throw new SluiceError('USAGE', { reason: `There is no ${name}.` });
    if (!found.isDirectory()) files.push({ path, relative: basename(path) });
    else files.push(...(await below(path)).filter(({ relative: within }) => isWanted(within)));
  }
  return files;
}

async function below(folder: string): Promise<NamedFile[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => ({ path, relative: relative(folder, path).split(sep).join('/') }));
  } catch (thrown) {
    throw toSluiceError(thrown);
  }
}
