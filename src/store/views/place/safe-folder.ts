import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SluiceError, assertSafePath, errnoOf, printable } from '../../../base/index.js';
import { calls } from '../../files/calls.js';

/** The folders of one view. Makes them, and refuses every one that is not a real folder below the root. */
export interface SafeFolders {
  /** The root with symlinks above it resolved: it is the user's own choice where the root leads. */
  readonly root: string;
  /** Absolute path of a name in the view, its folders made and checked. @throws SluiceError UNSAFE_PATH, VIEW_OBSTRUCTED */
  place(path: string): Promise<string>;
}

export async function safeFolders(root: string): Promise<SafeFolders> {
  await mkdir(root, { recursive: true });
  const real = await realpath(root);
  const checked = new Map<string, Promise<void>>();
  const check = (folder: string): Promise<void> => {
    if (folder === '.') return Promise.resolve();
    const known = checked.get(folder);
    if (known !== undefined) return known;
    const fresh = check(dirname(folder)).then(() => makeFolder(join(real, folder)));
    checked.set(folder, fresh);
    return fresh;
  };
  return {
    root: real,
    place: async (path) => {
      await check(dirname(assertSafePath(path)));
      return join(real, path);
    },
  };
}

async function makeFolder(folder: string): Promise<void> {
  const found = await calls.lstatIf(folder);
  if (found === undefined) {
    try {
      await calls.mkdir(folder);
      return;
    } catch (thrown) {
      // Somebody else made it just now: then look at what it is.
      if (errnoOf(thrown) !== 'EEXIST') throw thrown;
      return makeFolder(folder);
    }
  }
  if (found.isSymbolicLink()) throw obstructed(folder, 'a symlink that Sluice will not write through');
  if (!found.isDirectory()) throw obstructed(folder, 'not a folder');
}

export function obstructed(path: string, reason: string): SluiceError {
  return new SluiceError('VIEW_OBSTRUCTED', { path: printable(path), reason });
}
