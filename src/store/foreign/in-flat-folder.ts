import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unsafeReason } from '../../base/index.js';
import { unless } from '../files/errors.js';
import { hashFile } from '../files/hash-file.js';
import { parseAria2Control } from './aria2-control.js';
import { joinRanges, sizeOf } from './claims.js';
import type { ForeignPartial, ForeignSearch } from './foreign-partial.js';
import { findInLocalDir } from './in-hf-cache.js';

/** What lies where the file itself is to be: begun by aria2 or hf, or whole, by whatever tool. */
export async function findInFlatFolder(folder: string, search: ForeignSearch): Promise<readonly ForeignPartial[]> {
  if (search.path === undefined || unsafeReason(search.path) !== undefined) return [];
  const path = join(folder, search.path);
  const size = await sizeOf(path);
  const begun = await findInLocalDir(folder, search);
  if (size === undefined || size === 0) return begun;
  const control = await unless(readFile(`${path}.aria2`), ['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR']);
  if (control !== undefined) {
    const parsed = parseAria2Control(control);
    if (parsed === undefined) return begun;
    if (search.sizeBytes !== undefined && search.sizeBytes !== parsed.totalBytes) return begun;
    // Where space was not reserved the file ends with the last byte written.
    const ranges = joinRanges(parsed.ranges, Math.min(size, parsed.totalBytes));
    return ranges.length === 0 ? begun : [{ path, tool: 'aria2', ranges, atByte: 0 }, ...begun];
  }
  if (size !== search.sizeBytes || !(await isWanted(path, search))) return begun;
  return [{ path, tool: 'a file already there', ranges: [{ startByte: 0, endByte: size }], atByte: 0 }, ...begun];
}

/** A name says nothing about the content: a file that is merely of the same size would spoil the whole. */
async function isWanted(path: string, { digests }: ForeignSearch): Promise<boolean> {
  if (digests.sha256 === undefined && digests.gitSha1 === undefined) return false;
  const hashed = await unless(hashFile(path), ['ENOENT', 'EACCES', 'EPERM', 'EIO']);
  if (hashed === undefined) return false;
  if (digests.sha256 !== undefined) return hashed.sha256 === digests.sha256;
  return hashed.digests.gitSha1 === digests.gitSha1;
}
