import { stat } from 'node:fs/promises';
import { unless } from '../files/errors.js';
import type { ByteRange, ForeignPartial } from './foreign-partial.js';

const UNREADABLE = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'EINVAL', 'ENAMETOOLONG'];

/** Size of a regular file, links followed; undefined for everything else and for what may not be read. */
export async function sizeOf(path: string): Promise<number | undefined> {
  const found = await unless(stat(path), UNREADABLE);
  return found?.isFile() === true ? found.size : undefined;
}

/** A file written from its start onwards: what is there counts, unless it has holes and so was not written in order. */
export async function prefixClaim(
  path: string,
  tool: string,
  sizeBytes: number | undefined,
  atByte = 0,
): Promise<ForeignPartial | undefined> {
  const found = await unless(stat(path), UNREADABLE);
  if (found?.isFile() !== true || found.size === 0) return undefined;
  if (sizeBytes !== undefined && atByte + found.size > sizeBytes) return undefined;
  // Compressing file systems also use fewer blocks; there nothing is adopted, which costs bytes but not truth.
  const hasHoles = found.blocks > 0 && found.blocks * 512 + 65_536 < found.size;
  return hasHoles ? undefined : { path, tool, ranges: [{ startByte: atByte, endByte: atByte + found.size }], atByte };
}

/** Ascending, touching ranges joined, empty and overlapping parts gone, nothing beyond the end. */
export function joinRanges(ranges: readonly ByteRange[], endOfFile: number): readonly ByteRange[] {
  const joined: { startByte: number; endByte: number }[] = [];
  for (const { startByte, endByte } of [...ranges].sort((one, other) => one.startByte - other.startByte)) {
    const end = Math.min(endByte, endOfFile);
    const last = joined.at(-1);
    if (last !== undefined && startByte <= last.endByte) last.endByte = Math.max(last.endByte, end);
    else if (startByte < end) joined.push({ startByte, endByte: end });
  }
  return joined;
}
