import { dirname } from 'node:path';
import { errnoOf } from '../../base/index.js';
import { calls, type OpenFile } from './calls.js';
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
  readonly beforeRename?: (file: OpenFile) => Promise<void>;
}

/** Temporary name → (fsync) → rename. Readers see the old content or the new. Makes missing folders. */
export async function writeAtomic(path: string, content: Uint8Array | string, options: WriteOptions): Promise<void> {
  const folder = dirname(path);
  const { tmp = folder, temporary = temporaryName(tmp) } = options;
  try {
    const file = await inFolder(options.temporary === undefined ? tmp : dirname(temporary), () =>
      calls.open(temporary, 'wx', options.mode),
    );
    try {
      await file.write(typeof content === 'string' ? Buffer.from(content) : content);
      if (options.sync !== 'none') await file.sync();
      await options.beforeRename?.(file);
    } finally {
      await file.close();
    }
    await inFolder(folder, () => calls.rename(temporary, path));
  } catch (thrown) {
    await calls.remove(temporary).catch(() => undefined);
    throw thrown;
  }
  if (options.sync === 'folder') await syncFolder(folder);
}

/**
 * Writes a small file whose reader takes half of it, or nothing, for none: under its own name while there is none, which spares a rename, and
 * as `writeAtomic` where one is to be replaced. Not synced.
 */
export async function writeHint(path: string, content: string, tmp: string): Promise<void> {
  let file: OpenFile;
  try {
    file = await inFolder(dirname(path), () => calls.open(path, 'wx'));
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
    return writeAtomic(path, content, { tmp, sync: 'none' });
  }
  try {
    await file.write(Buffer.from(content));
  } catch (thrown) {
    await calls.remove(path).catch(() => undefined);
    throw thrown;
  } finally {
    await file.close();
  }
}

/** Runs `work`; when the folder is missing, makes it and runs `work` again. */
export async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    await calls.mkdir(folder, { recursive: true });
    return work();
  }
}
