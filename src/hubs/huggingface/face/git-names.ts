import { createHash } from 'node:crypto';
import type { ManifestFile } from '../../port.js';
import { gitBlobId, lfsPointer } from './pointer.js';

/** The id of what git has: of the file, or of the pointer to it. */
export function gitOidOf({ gitOid, digests, sizeBytes = 0 }: ManifestFile): string {
  const { gitSha1, sha256 } = digests;
  return gitOid ?? gitSha1 ?? gitBlobId(lfsPointer(sha256 ?? '', sizeBytes));
}

/** What a listing tells of a file in LFS. */
export function lfsOf({ digests, sizeBytes = 0 }: ManifestFile): { sha256: string; pointerSize: number } | undefined {
  const { sha256 } = digests;
  return sha256 === undefined ? undefined : { sha256, pointerSize: lfsPointer(sha256, sizeBytes).length };
}

/** The id that git gives to a folder of these, as far as the listing tells: that a file may be executed is not in it. */
export function gitTreeId(
  members: readonly { readonly name: string; readonly oid: string; readonly isFolder: boolean }[],
): string {
  const sorted = members
    .map(({ name, oid, isFolder }) => ({ name, oid, isFolder, key: Buffer.from(isFolder ? `${name}/` : name) }))
    .sort((a, b) => a.key.compare(b.key));
  const parts = sorted.flatMap(({ name, oid, isFolder }) => [
    Buffer.from(`${isFolder ? '40000' : '100644'} ${name}\0`),
    Buffer.from(oid, 'hex'),
  ]);
  const bytes = Buffer.concat(parts);
  return createHash('sha1').update(`tree ${bytes.length}\0`).update(bytes).digest('hex');
}
