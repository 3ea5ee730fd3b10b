import { createHash } from 'node:crypto';
import type { Store } from '../../port.js';
import type { ViewFile } from '../port.js';

/** The name of a file's content in the cache: SHA-256 for LFS files, the git id for others; SHA-256 where no git id is known. */
export async function etagOf(file: ViewFile, store: Store): Promise<string> {
  if (file.lfs) return file.sha256;
  if (file.gitOid !== undefined) return file.gitOid;
  return (await store.blobProof(file.sha256))?.digests.gitSha1 ?? file.sha256;
}

/** The git id of the pointer file that stands in git for an LFS file (git-lfs specification v1). */
export function pointerOid(sha256: string, sizeBytes: number): string {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${sizeBytes}\n`;
  return createHash('sha1').update(`blob ${pointer.length}\0`).update(pointer).digest('hex');
}
