import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { unless } from '../files/errors.js';
import { prefixClaim } from './claims.js';
import type { ForeignPartial, ForeignSearch } from './foreign-partial.js';

const TOOL = 'modelscope';

/**
 * What ModelScope's clients began: `<target>.incomplete` (≥ 1.38), the file itself below `._____temp` (≤ 1.37), and
 * `<target>_<start>_<end>` of parallel downloads, whose end is inclusive.
 */
export async function findInModelscopeCache(
  msCache: string,
  search: ForeignSearch,
): Promise<readonly ForeignPartial[]> {
  const { path, repository } = search;
  const [owner, name] = repository?.id.split('/') ?? [];
  if (path === undefined || repository === undefined || owner === undefined || name === undefined) return [];
  const kind = `${repository.kind}s`;
  const snapshot = join(msCache, kind, `${owner}--${name}`, 'snapshots', repository.revision, path);
  const temporary = [msCache, join(msCache, 'hub')].flatMap((root) =>
    [name, name.replaceAll('.', '___')].map((form) => join(root, kind, '._____temp', owner, form, path)),
  );
  const targets = [...new Set(temporary)];
  const claims = [prefixClaim(`${snapshot}.incomplete`, TOOL, search.sizeBytes)];
  claims.push(...targets.map((target) => prefixClaim(target, TOOL, search.sizeBytes)));
  if (search.partFiles === true) {
    for (const target of [snapshot, ...targets]) claims.push(...(await partClaims(target, search)));
  }
  return (await Promise.all(claims)).filter((claim) => claim !== undefined);
}

async function partClaims(target: string, search: ForeignSearch): Promise<Promise<ForeignPartial | undefined>[]> {
  const names = (await unless(readdir(dirname(target)), ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'])) ?? [];
  const prefix = `${basename(target)}_`;
  return names.flatMap((name) => {
    const [, start, end] = name.startsWith(prefix)
      ? (/^(\d{1,15})_(\d{1,15})$/.exec(name.slice(prefix.length)) ?? [])
      : [];
    if (start === undefined || end === undefined) return [];
    const endOfPart = Math.min(Number(end) + 1, search.sizeBytes ?? Infinity);
    return [prefixClaim(join(dirname(target), name), TOOL, endOfPart, Number(start))];
  });
}
