import { randomBytes } from 'node:crypto';
import { basename, join, relative, sep } from 'node:path';
import { SluiceError, assertSafePath, errnoOf } from '../../../base/index.js';
import { landFiles, type Landed, type LayoutContext } from '../layout-context.js';
import type { LinkMethod, ViewFile, ViewRequest } from '../port.js';
import { etagOf } from './etag.js';
import { knownAbsent } from './known-absent.js';
import { treeDocument } from './tree-document.js';

/**
 * Lands a repository in a Hugging Face hub cache (huggingface_hub, `docs/hub/local-cache.md` of hub-docs). Without the `CACHEDIR.TAG` that late clients
 * put into its root: `scan_cache_dir` of clients before 1.0 takes it for a broken repository.
 */
export async function landHf(context: LayoutContext): Promise<Landed> {
  const { placer, request } = context;
  const repository = repositoryFolder(request);
  const snapshot = `${repository}/snapshots/${assertCommit(request)}`;
  const show = fileShower(context, repository, snapshot);
  const methods = await landFiles(request, show);
  const tree = treeDocument(request);
  if (tree !== undefined) await placer.text(`${repository}/trees/${request.commit}.json`, tree);
  for (const path of knownAbsent(request)) await placer.text(`${repository}/.no_exist/${request.commit}/${path}`, '');
  // Last, so that the name of the revision never leads to a snapshot that is not whole.
  for (const name of refNames(request)) await placer.text(`${repository}/refs/${name}`, request.commit);
  return { path: snapshot, methods };
}

/**
 * Temporary names in this cache: of the form that its client sweeps, should we die before the rename, and outside of
 * `snapshots` and `refs`, where every name counts as a file of the model or as a revision.
 */
export function hfTemporary(root: string, target: string): string {
  const suffix = `${randomBytes(4).toString('hex')}.incomplete`;
  const [repository = '', folder] = relative(root, target).split(sep);
  if (folder === undefined || folder === 'blobs') return `${target}.${suffix}`;
  return join(root, repository, `${basename(target).slice(0, 100)}.${suffix}`);
}

function fileShower(
  { placer, store, symlinks }: LayoutContext,
  repository: string,
  snapshot: string,
): (file: ViewFile) => Promise<LinkMethod> {
  let linking = symlinks;
  const inPlace = (file: ViewFile): Promise<LinkMethod> => placer.blob(`${snapshot}/${file.path}`, file.sha256);
  return async (file) => {
    assertSafePath(file.path);
    if (!linking) return inPlace(file);
    const etag = await etagOf(file, store);
    const method = await placer.blob(`${repository}/blobs/${etag}`, file.sha256);
    const up = '../'.repeat(file.path.split('/').length + 1);
    try {
      await placer.pointer(`${snapshot}/${file.path}`, `${up}blobs/${etag}`);
      return method;
    } catch (thrown) {
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES'].includes(errnoOf(thrown) ?? '')) throw thrown;
      linking = false;
      return inPlace(file);
    }
  };
}

/** `models--org--name`. */
export function repositoryFolder(request: ViewRequest): string {
  const names = request.id.split('/');
  const fine = names.length <= 2 && names.every((name) => /^[A-Za-z0-9._-]+$/.test(name) && !name.includes('--'));
  if (!fine) {
    const reason = `${request.id} cannot be named there: that cache knows only org/name`;
    throw new SluiceError('BAD_SETTING', { key: 'view', value: 'hf', reason });
  }
  return [`${request.kind}s`, ...names].join('--');
}

/** The cache's clients expect 40 hexadecimal digits; for plain HTTP the first 40 of the listing's digest stand in. */
function assertCommit(request: ViewRequest): string {
  if (/^[0-9a-f]{40}$/.test(request.commit)) return request.commit;
  const reason = `"${request.commit}" is not a commit id of 40 digits`;
  throw new SluiceError('BAD_SETTING', { key: 'view', value: 'hf', reason });
}

/** The refs to write: a commit needs none; ModelScope's `master` is also the `main` that Hugging Face loaders ask for. */
function refNames(request: ViewRequest): readonly string[] {
  if (/^[0-9a-f]{40}$/.test(request.revision)) return [];
  const also = request.origin === 'ms' && request.revision === 'master' ? ['main'] : [];
  return [assertSafePath(request.revision), ...also];
}
