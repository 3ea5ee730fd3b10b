import type { BigIntStats } from 'node:fs';
import { SluiceError } from '../../../base/index.js';
import type { ViewEntry } from '../port.js';

/** What is recorded of a file in a view. */
export function fileEntry(path: string, sha256: string, found: BigIntStats): ViewEntry {
  if (!found.isFile()) throw new SluiceError('FILE_SYSTEM', { path, reason: 'changed while it was being made' });
  const { size, mtimeNs, ino } = found;
  return { type: 'file', path, sha256, sizeBytes: Number(size), mtimeNs: String(mtimeNs), inode: String(ino) };
}

/** Whether a file is still as it was when the entry was recorded. */
export function entryFits(entry: ViewEntry, found: BigIntStats): boolean {
  return (
    entry.type === 'file' &&
    found.isFile() &&
    BigInt(entry.sizeBytes) === found.size &&
    entry.mtimeNs === String(found.mtimeNs) &&
    entry.inode === String(found.ino)
  );
}

/** Never throws: undefined for what is not an entry. */
export function parseEntry(value: unknown): ViewEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, path, target, sha256, sizeBytes, mtimeNs, inode } = value as Record<string, unknown>;
  if (typeof path !== 'string') return undefined;
  if (type === 'symlink') return typeof target === 'string' ? { type, path, target } : undefined;
  if (type !== 'file' || typeof sha256 !== 'string' || typeof mtimeNs !== 'string' || typeof inode !== 'string') {
    return undefined;
  }
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) return undefined;
  return { type, path, sha256, sizeBytes, mtimeNs, inode };
}
