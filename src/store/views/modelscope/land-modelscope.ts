import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertSafePath } from '../../../base/index.js';
import { unless } from '../../files/errors.js';
import { landFiles, type Landed, type LayoutContext } from '../layout-context.js';
import { landLegacyAt } from './land-modelscope-legacy.js';
import { legacyFolder, msRevision, ownerAndName } from './modelscope-names.js';

/**
 * Lands a repository in a ModelScope cache (modelscope ≥ 1.38): `models/<owner>--<name>/snapshots/<revision>/`. Its client prefers a
 * folder of the older layout when there is one that is not empty: then the files go there.
 */
export async function landModelscope(context: LayoutContext): Promise<Landed> {
  const { placer, request } = context;
  const [owner, name] = ownerAndName(request, 'modelscope');
  for (const below of ['', 'hub/']) {
    const folder = `${below}${legacyFolder(request)}`;
    if (await isFilledFolder(join(placer.root, folder))) return landLegacyAt(context, below);
  }
  const snapshot = assertSafePath(`${request.kind}s/${owner}--${name}/snapshots/${msRevision(request)}`);
  const methods = await landFiles(request, (file) => placer.blob(`${snapshot}/${file.path}`, file.sha256));
  return { path: snapshot, methods };
}

async function isFilledFolder(folder: string): Promise<boolean> {
  const found = await unless(lstat(folder));
  return found?.isDirectory() === true && (await readdir(folder)).length > 0;
}
