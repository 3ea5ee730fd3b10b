import { constants } from 'node:fs';
import { open, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, toSluiceError } from '../../../base/index.js';
import type { Change, FileState } from '../port.js';
import { valueOf } from './file-state.js';

/** What a run that was killed may have left beside the file. */
export function temporaryOf(path: string, id: string): string {
  return join(dirname(path), `.${basename(path)}.sluice-remedy-${id}`);
}

/** Gives a path the state, whole or not at all; `undefined` takes the file away. Folders must be there. */
export async function place(
  { kind, path }: Pick<Change, 'kind' | 'path'>,
  state: FileState | undefined,
  id: string,
): Promise<void> {
  if (kind === 'value') return placeValue(path, state, id);
  if (state === undefined) {
    await rm(path, { force: true });
    return syncFolder(dirname(path));
  }
  await placeBytes(path, state, id, true);
  await syncFolder(dirname(path));
}

/** By a name of its own first: a run that is killed leaves the earlier bytes or the new ones. */
async function placeBytes(path: string, state: FileState, id: string, isSynced: boolean): Promise<void> {
  const temporary = temporaryOf(path, id);
  await rm(temporary, { force: true });
  const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(state.bytes);
    const made = await file.stat();
    if (made.uid !== state.uid || made.gid !== state.gid) await file.chown(state.uid, state.gid);
    // After the owner: changing that takes the set-user-id bits away.
    await file.chmod(state.mode);
    if (isSynced) await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** `/proc` and `/sys` (statfs(2)). */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x9fa0, 0x62656572]);

async function isKernels(path: string): Promise<boolean> {
  return KERNEL_FILE_SYSTEMS.has((await statfs(path)).type);
}

/** Takes away what a run that was killed left beside a path. The kernel's own folders hold nothing of ours. */
export async function removeTemporary({ kind, path }: Pick<Change, 'kind' | 'path'>, id: string): Promise<void> {
  try {
    if (kind === 'value' && (await isKernels(dirname(path)))) return;
    await rm(temporaryOf(path, id), { force: true });
  } catch (thrown) {
    if (!['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errnoOf(thrown) ?? '')) throw toSluiceError(thrown);
  }
}

/** What the kernel shows as a choice it takes as the one chosen, and it takes it in one call; elsewhere bytes are bytes. */
async function placeValue(path: string, state: FileState | undefined, id: string): Promise<void> {
  if (state === undefined) return;
  const written = (await isKernels(path))
    ? writeFile(path, `${valueOf(state.bytes)}\n`, { flag: 'r+' })
    : placeBytes(path, state, id, false);
  await written.catch((thrown: unknown) => {
    // A device that is gone has no value to be given back.
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  });
}

export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
