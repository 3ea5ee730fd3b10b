import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../../base/index.js';
import { syncFolder } from './sync-folder.js';
import { temporaryName } from './temporary-name.js';

export interface WriteOptions {
  /** Where the temporary name is made; on the same file system as the target. By default the target's folder. */
  readonly tmp?: string;
  /** The temporary name itself, instead of one in `tmp`. */
  readonly temporary?: string;
  readonly mode?: number;
  /** `none`: losing it in a power cut costs only work. `file`: bytes before name. `folder`: the name too. */
  readonly sync: 'none' | 'file' | 'folder';
  /** Sees the file as it will be, before it gets its name. */
  readonly beforeRename?: (handle: FileHandle) => Promise<void>;
}

/** Temporary name → (fsync) → rename. Readers see the old content or the new. Makes missing folders. */
export async function writeAtomic(path: string, content: Uint8Array | string, options: WriteOptions): Promise<void> {
  const folder = dirname(path);
  const temporary = options.temporary ?? temporaryName(options.tmp ?? folder);
  try {
    const handle = await inFolder(dirname(temporary), () => open(temporary, 'wx', options.mode ?? 0o666));
    try {
      await writeWhole(handle, typeof content === 'string' ? Buffer.from(content) : content);
      if (options.sync !== 'none') await handle.sync();
      await options.beforeRename?.(handle);
    } finally {
      await handle.close();
    }
    await inFolder(folder, () => rename(temporary, path));
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw thrown;
  }
  if (options.sync === 'folder') await syncFolder(folder);
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written, written)).bytesWritten;
  }
}

/** Runs `work`; when the folder is missing, makes it and runs `work` again. */
export async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    await mkdir(folder, { recursive: true });
    return work();
  }
}
