import { SluiceError } from '../../../base/index.js';
import type { Snapshot } from '../../face.js';
import type { RepositoryRef } from '../../ref.js';
import type { Addressed } from './context.js';
import { decodeSegment, type RepositoryPath } from './repository-path.js';

/**
 * A revision, one encoded segment, and the path behind it. `refs/pr/1` and `refs/convert/parquet` are understood with bare slashes too.
 * Undefined parts are missing, or encoded so that they mean nothing.
 */
export function splitRevision(rest: readonly string[]): {
  readonly revision: string | undefined;
  readonly path: string | undefined;
} {
  const [first, second] = rest;
  const count = first === 'refs' && (second === 'pr' || second === 'convert') ? 3 : 1;
  const text = rest.slice(0, count).join('/');
  return {
    revision: text === '' ? undefined : (decodeSegment(text) ?? '\0'),
    path: decodeSegment(rest.slice(count).join('/'))?.replace(/\/+$/, ''),
  };
}

/** @throws SluiceError REVISION_NOT_FOUND for what cannot be one */
export function refOf({ repository }: RepositoryPath, revision: string | undefined): RepositoryRef {
  const isPossible =
    revision === undefined || (/^\w[\w./+#@-]{0,254}$/.test(revision) && !/\.\.|\/\/|\/$|\.lock$/.test(revision));
  if (!isPossible)
    throw new SluiceError('REVISION_NOT_FOUND', { host: 'the hub', repository: repository.id, revision: 'that' });
  return { ...repository, ...(revision === undefined ? {} : { revision }) };
}

export function snapshotOf({ request, context, named }: Addressed, revision: string | undefined): Promise<Snapshot> {
  return context.catalogue.snapshot(refOf(named, revision), request.caller, request.signal);
}
