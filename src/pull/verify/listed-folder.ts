import { readdir } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { Manifest } from '../../hubs/index.js';
import { checkFile } from './check-file.js';
import type { Problem, RepairView, VerifyProgress, Inspection } from './report.js';

/** A ModelScope folder, by the two layouts that its clients write, as the ref it holds. */
export function modelScopeRefOf(path: string): { ref: string; view: RepairView } | undefined {
  const revision = basename(path);
  const repository = basename(dirname(dirname(path)));
  if (basename(dirname(path)) === 'snapshots' && /^[^-].*--.+$/.test(repository)) {
    const kinds = dirname(dirname(dirname(path)));
    const prefix = basename(kinds) === 'datasets' ? 'datasets/' : '';
    const ref = `ms:${prefix}${repository.replace('--', '/')}@${revision}`;
    return { ref, view: { view: 'modelscope', root: dirname(kinds) } };
  }
  const parts = path.split(sep);
  const at = parts.lastIndexOf('models');
  const [owner, name] = parts.slice(at + 1);
  if (at < 0 || owner === undefined || name === undefined || parts.length !== at + 3) return undefined;
  const root = parts.slice(0, at).join(sep);
  return { ref: `ms:${owner}/${name.replaceAll('___', '.')}`, view: { view: 'modelscope-legacy', root } };
}

/** Proves a folder against the listing of the commit it should hold. Files the folder has and the listing lacks are left out. */
export async function verifyAgainstListing(
  path: string,
  manifest: Manifest,
  from: { readonly ref: string; readonly view: RepairView },
  progress: VerifyProgress,
  signal: AbortSignal,
): Promise<Inspection> {
  const present = new Set(await filesBelow(path));
  const unprovable: string[] = [];
  const problems: Problem[] = [];
  let checkedFiles = 0;
  let checkedBytes = 0;
  for (const file of manifest.files) {
    // A filtered pull leaves files out on purpose; only what is there can be wrong.
    if (!present.has(file.path)) continue;
    signal.throwIfAborted();
    const full = join(path, file.path);
    const verdict = await checkFile(full, file.digests, file.sizeBytes, signal);
    checkedFiles += 1;
    checkedBytes += verdict.sizeBytes;
    progress(full, verdict.sizeBytes);
    if (verdict.state === 'unprovable') unprovable.push(full);
    if (verdict.state === 'problem') problems.push({ ...verdict.problem, from: { ...from, path: file.path } });
  }
  return { subject: path, layout: 'modelscope', checkedFiles, checkedBytes, unprovable, problems };
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
    );
}
