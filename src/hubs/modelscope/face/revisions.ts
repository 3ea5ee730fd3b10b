import { SluiceError } from '../../../base/index.js';
import type { Snapshot } from '../../face.js';
import { parseRevisions, type Revision } from '../wire.js';

/** `Data` of `revisions` as an upstream told it, without what is not clients' business. Undefined for what is none. */
export function cleanRevisions(data: unknown): object | undefined {
  const refuse = (reason: string): SluiceError => new SluiceError('BAD_MANIFEST', { host: 'the hub', reason });
  const read = (kind: 'Branches' | 'Tags'): readonly object[] =>
    parseRevisions({ RevisionMap: { [kind]: mapOf(data)?.[kind] ?? [] } }, refuse).map(entry);
  try {
    if (mapOf(data) === undefined) return undefined;
    return { RevisionMap: { Branches: read('Branches'), Tags: read('Tags') } };
  } catch {
    return undefined;
  }
}

/** Where no list can be had: the branch that is known. */
export function revisionsOf({ pinned }: Snapshot): object {
  const { revision, commit, createdAtS } = pinned;
  const known = { name: revision, commit, ...(createdAtS === undefined ? {} : { createdAtS }) };
  return { RevisionMap: { Branches: [entry(known)], Tags: [] } };
}

function entry({ name, commit, createdAtS }: Revision): object {
  return { Revision: name, CreatedAt: createdAtS ?? 0, ...(commit === undefined ? {} : { CommitId: commit }) };
}

function mapOf(data: unknown): Readonly<Record<string, unknown>> | undefined {
  const map = (data as { RevisionMap?: unknown } | null | undefined)?.RevisionMap;
  return typeof map === 'object' && map !== null ? (map as Readonly<Record<string, unknown>>) : undefined;
}
