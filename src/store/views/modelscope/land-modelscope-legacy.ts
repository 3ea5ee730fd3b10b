import { SluiceError, printable } from '../../../base/index.js';
import { landFiles, type Landed, type LayoutContext } from '../layout-context.js';
import type { ViewRequest } from '../port.js';
import { formatPickle, type PickleValue } from './format-pickle.js';
import { legacyFolder, masked, msRevision, ownerAndName } from './modelscope-names.js';
import { parsePickle } from './parse-pickle.js';

const OWN_FILES = ['.msc', '.mdl', '.mv'];

/** Lands a repository in a ModelScope cache as modelscope ≤ 1.37 keeps it, with `.msc`, `.mdl` and `.mv`. */
export async function landModelscopeLegacy(context: LayoutContext): Promise<Landed> {
  return landLegacyAt(context, '');
}

/** The same, below a folder of the view's root (`hub/`). */
export async function landLegacyAt(context: LayoutContext, below: string): Promise<Landed> {
  const { placer, request } = context;
  const [owner, name] = ownerAndName(request, 'modelscope-legacy');
  for (const { path } of request.files) assertNotOurs(path);
  const folder = `${below}${legacyFolder(request)}`;
  const methods = await landFiles(request, (file) => placer.blob(`${folder}/${file.path}`, file.sha256));

  const before = await placer.read(`${folder}/.msc`);
  await placer.text(`${folder}/.msc`, formatPickle(mergedIndex(before, request)));
  await placer.text(`${folder}/.mdl`, formatPickle({ id: request.id }));
  const created = request.createdAtS === undefined ? '' : `,CreatedAt:${request.createdAtS}`;
  await placer.text(`${folder}/.mv`, `Revision:${msRevision(request)}${created}`);
  // Only a convenience of its client for names with dots; where links are impossible it does without.
  if (name !== masked(name)) {
    await placer.pointer(`${below}${request.kind}s/${owner}/${name}`, masked(name)).catch(ignoreImpossible);
  }
  return { path: folder, methods };
}

/** The files that its client knows to be here, with the commit that last changed each. */
function mergedIndex(before: Buffer | undefined, request: ViewRequest): PickleValue {
  const index = new Map<string, string>();
  const old = before === undefined ? undefined : parsePickle(before);
  for (const item of Array.isArray(old) ? old : []) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) continue;
    const { Path, Revision } = item as Readonly<Record<string, PickleValue>>;
    if (typeof Path === 'string' && typeof Revision === 'string') index.set(Path, Revision);
  }
  for (const file of request.files) index.set(file.path, file.fileRevision ?? request.commit);
  return [...index].map(([Path, Revision]) => ({ Path, Revision }));
}

function assertNotOurs(path: string): void {
  if (!OWN_FILES.includes(path.split('/')[0]?.toLowerCase() ?? '')) return;
  throw new SluiceError('UNSAFE_PATH', { path: printable(path), reason: 'belongs to the layout itself' });
}

function ignoreImpossible(thrown: unknown): void {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'VIEW_OBSTRUCTED'].includes(String(code))) throw thrown;
}
