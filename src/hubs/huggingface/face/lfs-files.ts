import { toSluiceError } from '../../../base/index.js';
import type { Snapshot } from '../../face.js';
import { asArray, asObject, asString } from '../../fields.js';
import type { ManifestFile } from '../../port.js';
import type { Addressed } from './context.js';
import { refOf, snapshotOf } from './revision.js';

/** A file in LFS, and where it stands. */
export interface LfsFile {
  readonly snapshot: Snapshot;
  readonly file: ManifestFile;
}

/** So many branches, tags and older commits are looked through: each costs the hub a listing. */
const MAX_REVISIONS = 40;

/**
 * Files by their ids. A client names no commit, so they are looked for in the revision that it names, if any, in the default branch, then in the other branches, in tags, and back in
 * history, until all are found. What is not among them is in none of those.
 * @throws SluiceError when the caller may not have files of the repository, or nobody can tell
 */
export async function findLfsFiles(
  at: Addressed,
  oids: ReadonlySet<string>,
  named: string | undefined,
): Promise<ReadonlyMap<string, LfsFile>> {
  const found = new Map<string, LfsFile>();
  for await (const snapshot of snapshotsOf(at, named)) {
    if (found.size === 0) await at.context.catalogue.admit(snapshot, at.request.caller);
    const files = lfsFilesOf(snapshot.files);
    for (const oid of oids) {
      const file = found.has(oid) ? undefined : files.get(oid);
      if (file !== undefined) found.set(oid, { snapshot, file });
    }
    if (found.size === oids.size) break;
  }
  return found;
}

async function* snapshotsOf(at: Addressed, named: string | undefined): AsyncGenerator<Snapshot> {
  const seen = new Set<string>();
  const own = named === undefined ? undefined : await ifThere(at, named);
  if (own !== undefined) {
    seen.add(own.pinned.commit);
    yield own;
  }
  const usual = await snapshotOf(at, undefined);
  if (!seen.has(usual.pinned.commit)) yield usual;
  seen.add(usual.pinned.commit);
  for (const commit of await otherCommits(at, usual)) {
    if (seen.has(commit)) continue;
    if (seen.size >= MAX_REVISIONS) return;
    seen.add(commit);
    const snapshot = await ifThere(at, commit);
    if (snapshot !== undefined) yield snapshot;
  }
}

/** Commits of branches and tags, then those of the history, latest first. */
async function otherCommits(at: Addressed, usual: Snapshot): Promise<readonly string[]> {
  const { context, request, named } = at;
  const ask = async (what: 'refs' | 'commits', revision?: string): Promise<unknown> => {
    const told = await context.catalogue.describe(refOf(named, revision), what, request.caller, request.signal);
    return told.value;
  };
  const refs = asObject(await ask('refs'));
  const history = asArray(await ask('commits', usual.pinned.commit)) ?? [];
  const tips = ['branches', 'tags'].flatMap((kind) => asArray(refs?.[kind]) ?? []);
  const commits = [
    ...tips.map((tip) => asString(asObject(tip)?.targetCommit)),
    ...history.map((commit) => asString(asObject(commit)?.id)),
  ];
  return commits.filter((commit): commit is string => /^[0-9a-f]{40}$/.test(commit ?? ''));
}

/** Undefined for a revision that there is not; a caller who may not see the repository learns that from the next. */
async function ifThere(at: Addressed, revision: string): Promise<Snapshot | undefined> {
  try {
    return await snapshotOf(at, revision);
  } catch (thrown) {
    const error = toSluiceError(thrown);
    if (error.exitCode === 3) return undefined;
    throw error;
  }
}

const made = new WeakMap<readonly ManifestFile[], ReadonlyMap<string, ManifestFile>>();

function lfsFilesOf(files: readonly ManifestFile[]): ReadonlyMap<string, ManifestFile> {
  const known = made.get(files);
  if (known !== undefined) return known;
  const byId = new Map(files.flatMap((file) => (file.digests.sha256 ? [[file.digests.sha256, file] as const] : [])));
  made.set(files, byId);
  return byId;
}
