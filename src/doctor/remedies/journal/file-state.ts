import { lstat, readFile } from 'node:fs/promises';
import { errnoOf, SluiceError, toSluiceError } from '../../../base/index.js';
import type { Change, FileState } from '../port.js';

/** Settings files are small; what is larger is not one. */
const MOST_BYTES = 2 ** 20;

/**
 * What is at a path; undefined where nothing is.
 * @throws SluiceError FILE_UNFIT for what may not be replaced: links (another place would change, or the link be lost), folders, devices
 */
export async function readState(path: string, kind: Change['kind']): Promise<FileState | undefined> {
  try {
    const found = await lstat(path);
    const reason = found.isSymbolicLink()
      ? 'it is a symbolic link'
      : !found.isFile()
        ? 'it is not a regular file'
        : kind === 'file' && found.nlink > 1
          ? 'it has other hard links'
          : kind === 'file' && found.size > MOST_BYTES
            ? 'it is larger than 1 MiB'
            : undefined;
    if (reason !== undefined) throw new SluiceError('FILE_UNFIT', { path, reason });
    return { bytes: await readFile(path), mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw toSluiceError(thrown, { path });
  }
}

/** Whether a path is as it was; owners count only where they can be given back. */
export function isSame(kind: Change['kind'], one: FileState | undefined, other: FileState | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (kind === 'value') return valueOf(one.bytes) === valueOf(other.bytes);
  return one.bytes.equals(other.bytes) && one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

/** The kernel sets numbers apart by tabs, and shows a choice as `[this] that`. */
export function valueOf(bytes: Buffer): string {
  const text = bytes.toString('latin1').trim().replaceAll(/\s+/g, ' ');
  return /\[([^\]]+)\]/.exec(text)?.[1] ?? text;
}
