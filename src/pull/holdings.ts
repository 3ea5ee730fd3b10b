import type { Pinned } from '../hubs/index.js';
import type { Store, ViewKind } from '../store/index.js';
import { hasFields, listKept, readKept, type Kind } from './kept.js';
import { holdingName, repositoryName } from './names.js';

/** One file of a holding; its SHA-256 is known once it arrived, or before when the listing tells. */
export interface HeldFile {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly sha256?: string;
  /** The sealed file that it was opened from: no origin has it itself. */
  readonly openedFrom?: string;
}

/**
 * What this store was asked to hold, one document per commit and place. It exists from before the first byte, so that a
 * collection running beside a pull sees what is wanted; its blobs are the roots of collection.
 */
export interface Holding {
  readonly ref: string;
  readonly origin: 'hf' | 'ms' | 'https';
  readonly revision: string;
  readonly commit: string;
  readonly view: ViewKind;
  readonly root: string;
  readonly path: string;
  readonly state: 'pulling' | 'complete';
  readonly files: readonly HeldFile[];
  readonly pulledAtMs: number;
  /** The pull that last changed it. */
  readonly pullId: string;
}

export const HOLDINGS: Kind<Holding> = {
  collection: 'holdings',
  is: (value): value is Holding =>
    hasFields(value, {
      ref: 'string',
      commit: 'string',
      view: 'string',
      root: 'string',
      files: 'array',
    }),
};

/** Whether a pull may be under way whose files are not all known by their SHA-256 yet. */
export function isAwaiting({ state, files }: Pick<Holding, 'state' | 'files'>): boolean {
  return state === 'pulling' || files.some(({ sha256 }) => sha256 === undefined);
}

/** Writes a holding, keeping what earlier pulls of the same commit into the same place brought. */
export async function saveHolding(store: Store, pinned: Pinned, holding: Holding): Promise<void> {
  const name = holdingName(pinned.ref, pinned.commit, holding.view, holding.root);
  const before = await readKept(store, HOLDINGS, name);
  const merged = before === undefined ? holding : merge(before, holding);
  // While files are awaited, the moment counts too: it tells a collection which blobs may be theirs.
  if (before !== undefined && !isAwaiting(merged) && sameContent(before, merged)) return;
  await store.documents.write(HOLDINGS.collection, name, merged);
}

/** What is held of a commit in a place, as it is known now. */
export function readHolding(
  store: Store,
  pinned: Pinned,
  place: Pick<Holding, 'view' | 'root'>,
): Promise<Holding | undefined> {
  return readKept(store, HOLDINGS, holdingName(pinned.ref, pinned.commit, place.view, place.root));
}

/** Makes of a holding what it was before a pull: what that brought may not be seen, and is nobody's. Leaves alone what another pull said since. */
export async function withdrawHolding(
  store: Store,
  pinned: Pinned,
  holding: Holding,
  before: Holding | undefined,
): Promise<void> {
  const name = holdingName(pinned.ref, pinned.commit, holding.view, holding.root);
  if ((await readKept(store, HOLDINGS, name))?.pullId !== holding.pullId) return;
  if (before === undefined) await store.documents.remove(HOLDINGS.collection, name);
  else await store.documents.write(HOLDINGS.collection, name, before);
}

/**
 * Forgets holdings that a newer commit replaced in the same folder: layouts without a folder per commit show one at a time.
 */
export async function dropReplaced(store: Store, current: Holding): Promise<void> {
  const { found } = await listKept(store, HOLDINGS);
  const bare = (ref: string): string => ref.split('@')[0] ?? ref;
  for (const { name, value } of found) {
    const replaced =
      value.view === current.view &&
      value.path === current.path &&
      value.commit !== current.commit &&
      bare(value.ref) === bare(current.ref);
    if (replaced) await store.documents.remove(HOLDINGS.collection, name);
  }
}

/** The SHA-256 of files whose listing gave no digest, from any earlier pull of the commit. */
export async function knownDigests(store: Store, { ref, commit }: Pinned): Promise<ReadonlyMap<string, string>> {
  const prefix = `${repositoryName(ref)}/${commit}-`;
  const known = new Map<string, string>();
  for (const { name, value } of (await listKept(store, HOLDINGS)).found) {
    if (!name.startsWith(prefix)) continue;
    for (const file of value.files) if (file.sha256 !== undefined) known.set(file.path, file.sha256);
  }
  return known;
}

function merge(before: Holding, after: Holding): Holding {
  const files = new Map(before.files.map((file) => [file.path, file]));
  for (const file of after.files) files.set(file.path, { ...files.get(file.path), ...file });
  return {
    ...after,
    state: after.state === 'complete' || before.state === 'complete' ? 'complete' : 'pulling',
    files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    path: after.path || before.path,
  };
}

/** Whether only the moment differs: a warm pull then writes nothing. */
function sameContent(a: Holding, b: Holding): boolean {
  const core = (holding: Holding): string =>
    JSON.stringify([holding.state, holding.revision, holding.path, holding.files]);
  return core(a) === core(b);
}
