import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unless } from '../files/errors.js';
import { prefixClaim, sizeOf } from './claims.js';
import type { ForeignPartial, ForeignSearch } from './foreign-partial.js';

const TOOL = 'huggingface_hub';
const BLOB = /^([0-9a-f]{64}|[0-9a-f]{40})((?:\.[0-9a-f]{8})?\.incomplete)?$/;

/** Files in a Hugging Face cache by etag, of every repository: whole ones and begun ones. */
export type HfIndex = ReadonlyMap<string, readonly { readonly path: string; readonly whole: boolean }[]>;

export async function indexHfCache(hfCache: string): Promise<HfIndex> {
  const index = new Map<string, { path: string; whole: boolean }[]>();
  for (const repository of (await names(hfCache)).filter((name) => /^(?:models|datasets|spaces)--/.test(name))) {
    const folder = join(hfCache, repository, 'blobs');
    for (const name of await names(folder)) {
      const [, etag, incomplete] = BLOB.exec(name) ?? [];
      if (etag === undefined) continue;
      const found = index.get(etag) ?? [];
      found.push({ path: join(folder, name), whole: incomplete === undefined });
      index.set(etag, found);
    }
  }
  return index;
}

export async function findInHfCache(index: HfIndex, search: ForeignSearch): Promise<readonly ForeignPartial[]> {
  const found: ForeignPartial[] = [];
  for (const etag of etagsOf(search)) {
    for (const { path, whole } of index.get(etag) ?? []) {
      // Its client checks no more than the size, so no less may be asked of a whole one.
      const size = whole ? await sizeOf(path) : undefined;
      if (whole && (size === undefined || (search.sizeBytes !== undefined && size !== search.sizeBytes))) continue;
      const claim = await prefixClaim(path, TOOL, search.sizeBytes);
      if (claim !== undefined) found.push(claim);
    }
  }
  return found;
}

/** `hf download --local-dir` began: `.cache/huggingface/download/<folder>/<anything>.<etag>[.<8 hex>].incomplete`. */
export async function findInLocalDir(folder: string, search: ForeignSearch): Promise<readonly ForeignPartial[]> {
  if (search.path === undefined) return [];
  const download = join(folder, '.cache/huggingface/download', search.path, '..');
  const etags = etagsOf(search);
  const found: ForeignPartial[] = [];
  for (const name of await names(download)) {
    const [, etag] = /^.+\.([0-9a-f]{64}|[0-9a-f]{40})(?:\.[0-9a-f]{8})?\.incomplete$/.exec(name) ?? [];
    if (etag === undefined || !etags.includes(etag)) continue;
    const claim = await prefixClaim(join(download, name), TOOL, search.sizeBytes);
    if (claim !== undefined) found.push(claim);
  }
  return found;
}

function etagsOf({ digests }: ForeignSearch): readonly string[] {
  return [digests.sha256, digests.gitSha1].filter((etag) => etag !== undefined);
}

async function names(folder: string): Promise<readonly string[]> {
  return (await unless(readdir(folder), ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'])) ?? [];
}
