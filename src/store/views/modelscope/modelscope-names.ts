import { SluiceError } from '../../../base/index.js';
import type { ViewRequest } from '../port.js';

/** What loaders ask for by default is `master` here and `main` on Hugging Face. */
export function msRevision(request: ViewRequest): string {
  return request.origin === 'hf' && request.revision === 'main' ? 'master' : request.revision;
}

/** @throws SluiceError BAD_SETTING when the layout has no name for the repository */
export function ownerAndName(request: ViewRequest, view: string): readonly [string, string] {
  const [owner, name, ...more] = request.id.split('/');
  if (owner !== undefined && name !== undefined && more.length === 0) return [owner, name];
  const reason = `${request.id} cannot be named there: that cache knows only owner/name`;
  throw new SluiceError('BAD_SETTING', { key: 'view', value: view, reason });
}

export function legacyFolder(request: ViewRequest): string {
  const [owner, name] = ownerAndName(request, 'modelscope-legacy');
  return `${request.kind}s/${owner}/${masked(name)}`;
}

/** Its client writes dots in names so. */
export function masked(name: string): string {
  return name.replaceAll('.', '___');
}
