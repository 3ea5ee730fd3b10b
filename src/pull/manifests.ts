import type { Manifest, ManifestFile, Pinned, Ref } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { hasFields, readKept, type Kind } from './kept.js';
import { manifestName, revisionsName } from './names.js';

/** A listing as it is kept: a commit never changes, so this never needs to be asked again. */
interface ManifestDocument {
  readonly commit: string;
  readonly revision: string;
  readonly createdAtS?: number;
  readonly isPublic?: boolean;
  readonly files: readonly ManifestFile[];
}

interface RevisionsDocument {
  readonly revisions: Readonly<Record<string, { readonly commit: string; readonly atMs: number }>>;
}

const MANIFESTS: Kind<ManifestDocument> = {
  collection: 'manifests',
  is: (value): value is ManifestDocument => hasFields(value, { commit: 'string', revision: 'string', files: 'array' }),
};

const REVISIONS: Kind<RevisionsDocument> = {
  collection: 'revisions',
  is: (value): value is RevisionsDocument => hasFields(value, { revisions: 'object' }),
};

/** The kept listing of a pinned commit. */
export async function readManifest(store: Store, pinned: Pinned): Promise<Manifest | undefined> {
  const document = await readKept(store, MANIFESTS, manifestName(pinned.ref, pinned.commit));
  return document === undefined ? undefined : { pinned, files: document.files };
}

export async function saveManifest(store: Store, manifest: Manifest): Promise<void> {
  const { ref, commit, revision, createdAtS, isPublic } = manifest.pinned;
  const document: ManifestDocument = {
    commit,
    revision,
    ...(createdAtS === undefined ? {} : { createdAtS }),
    ...(isPublic === undefined ? {} : { isPublic }),
    files: manifest.files,
  };
  await store.documents.write(MANIFESTS.collection, manifestName(ref, commit), document);
}

/** Remembers what a revision meant, for the days without network. Writes only when it changed. */
export async function saveRevision(store: Store, pinned: Pinned): Promise<void> {
  const name = revisionsName(pinned.ref);
  const known = (await readKept(store, REVISIONS, name))?.revisions ?? {};
  if (known[pinned.revision]?.commit === pinned.commit) return;
  const revisions = { ...known, [pinned.revision]: { commit: pinned.commit, atMs: Date.now() } };
  await store.documents.write(REVISIONS.collection, name, { revisions } satisfies RevisionsDocument);
}

/** What a ref meant when it was last asked online, or undefined. A full commit id needs no memory. */
export async function pinOffline(store: Store, ref: Ref, revision: string | undefined): Promise<Pinned | undefined> {
  const known = (await readKept(store, REVISIONS, revisionsName(ref)))?.revisions ?? {};
  const wanted = revision ?? defaultRevision(ref, known);
  const commit = known[wanted]?.commit ?? (isCommit(wanted) ? wanted : undefined);
  if (commit === undefined) return undefined;
  const document = await readKept(store, MANIFESTS, manifestName(ref, commit));
  if (document === undefined) return undefined;
  const { createdAtS, isPublic } = document;
  return {
    ref,
    revision: wanted,
    commit,
    ...(createdAtS === undefined ? {} : { createdAtS }),
    ...(isPublic === undefined ? {} : { isPublic }),
  };
}

/** Whether a revision is a full commit id, which means the same for ever. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

function defaultRevision(ref: Ref, known: RevisionsDocument['revisions']): string {
  const usual = ref.origin === 'ms' ? 'master' : 'main';
  if (usual in known) return usual;
  return Object.keys(known)[0] ?? usual;
}
