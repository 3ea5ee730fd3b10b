import { link, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { errnoOf, SluiceError, toSluiceError } from '../../base/index.js';
import { removeLeftBeside, temporaryBeside } from './temporary.js';

/**
 * Writes a file that has its name only when it is whole and on the disk, and removes what processes that died left of earlier ones. `mode`: its permissions, less what the process masks.
 * @throws SluiceError VIEW_OBSTRUCTED where something has the name and may not be replaced; whatever `write` throws, and nothing is left then
 */
export async function placeFile(
  path: string,
  { replace, mode }: { readonly replace: boolean; readonly mode: number },
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = temporaryBeside(path);
  await removeLeftBeside(path);
  try {
    const file = await open(temporary, 'wx+', mode);
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    if (replace) await rename(temporary, path);
    else await link(temporary, path);
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST')
      throw new SluiceError('VIEW_OBSTRUCTED', { path, reason: 'there is a file of that name', force: '--force' });
    throw toSluiceError(thrown, { path });
  } finally {
    await rm(temporary, { force: true });
  }
}
