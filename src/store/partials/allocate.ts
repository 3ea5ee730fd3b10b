import { open, stat, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SluiceError, formatBytes } from '../../base/index.js';
import { unless } from '../files/errors.js';

/** Below this the process start costs more than it saves. */
const RESERVE_FROM_BYTES = 64 * 1024 * 1024;
/** File systems in memory: taking space is filling pages with zeros there, which the writers do as well, and several at once. */
const IN_MEMORY = new Set([0x0102_1994, 0x8584_58f6]);

/**
 * Makes the file at `path` this long; where the file system can, its space is really taken now, so that a full disk is
 * met before the first byte and not at 99 %. What the file holds stays. @throws SluiceError DISK_FULL, and system errors
 */
export async function allocate(path: string, sizeBytes: number, folder: string): Promise<void> {
  const found = await unless(stat(path));
  const held = found === undefined ? 0 : Math.min(found.blocks * 512, sizeBytes);
  await assertRoom(folder, sizeBytes - held, path);
  await stretch(path, sizeBytes);
  if (sizeBytes >= RESERVE_FROM_BYTES && held < sizeBytes) await reserve(path, sizeBytes, folder);
}

/** Makes the file this long without taking space for it. */
export async function stretch(path: string, sizeBytes: number): Promise<void> {
  const found = await unless(stat(path));
  const handle = await open(path, found === undefined ? 'w+' : 'r+');
  try {
    if (found?.size !== sizeBytes) await handle.truncate(sizeBytes);
  } finally {
    await handle.close();
  }
}

/** Bytes that this user may still write on the file system of `folder`. */
export async function freeBytesAt(folder: string): Promise<number> {
  const { blocks, bavail, bsize } = await statfs(folder);
  // Some network and FUSE file systems do not tell.
  return blocks === 0 ? Number.MAX_SAFE_INTEGER : bavail * bsize;
}

async function assertRoom(folder: string, neededBytes: number, path: string): Promise<void> {
  const freeBytes = await freeBytesAt(folder);
  if (freeBytes < neededBytes) throw diskFull(path, neededBytes, freeBytes);
}

/** util-linux' fallocate; Node has no such call. Without it, or where the file system cannot, the file stays sparse. */
async function reserve(path: string, sizeBytes: number, folder: string): Promise<void> {
  if (process.platform !== 'linux' || IN_MEMORY.has((await statfs(folder)).type)) return;
  try {
    // Most pulls never come here: what runs other programs is loaded when it is wanted.
    const { execFile } = await import('node:child_process');
    await promisify(execFile)('fallocate', ['-l', String(sizeBytes), path], { env: { ...process.env, LC_ALL: 'C' } });
  } catch (thrown) {
    const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr) : '';
    if (said.includes('No space left')) throw diskFull(path, sizeBytes, await freeBytesAt(folder));
  }
}

function diskFull(path: string, neededBytes: number, freeBytes: number): SluiceError {
  return new SluiceError('DISK_FULL', { path, needed: formatBytes(neededBytes), free: formatBytes(freeBytes) });
}
