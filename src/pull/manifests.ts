import { randomUUID } from 'node:crypto';
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
  /** Missing where it is long: then it stands in parts. */
  readonly files?: readonly ManifestFile[];
  readonly parts?: { readonly id: string; readonly count: number };
}

/** Some files of a long listing, which would be hundreds of megabytes in one piece. */
interface PartDocument {
  /** Of the listing that it was written with. */
  readonly id: string;
  readonly files: readonly ManifestFile[];
}

const PART_FILES = 20_000;

interface RevisionsDocument {
  readonly revisions: Readonly<Record<string, { readonly commit: string; readonly atMs: number }>>;
}

const MANIFESTS: Kind<ManifestDocument> = {
  collection: 'manifests',
  is: (value): value is ManifestDocument =>
    hasFields(value, { commit: 'string', revision: 'string' }) &&
    (hasFields(value, { files: 'array' }) || isInParts(value as { readonly parts?: unknown })),
};

function isInParts({ parts }: { readonly parts?: unknown }): boolean {
  return hasFields(parts, { id: 'string', count: 'number' });
}

const PARTS: Kind<PartDocument> = {
  collection: 'manifest-parts',
  is: (value): value is PartDocument => hasFields(value, { id: 'string', files: 'array' }),
};

const REVISIONS: Kind<RevisionsDocument> = {
  collection: 'revisions',
  is: (value): value is RevisionsDocument => hasFields(value, { revisions: 'object' }),
};

/** The kept listing of a pinned commit. */
export async function readManifest(store: Store, pinned: Pinned): Promise<Manifest | undefined> {
  const name = manifestName(pinned.ref, pinned.commit);
  const document = await readKept(store, MANIFESTS, name);
  const files = document?.files ?? (await readParts(store, name, document?.parts));
  return files === undefined ? undefined : { pinned, files };
}

/** Undefined where one of them is missing, or of another listing. */
async function readParts(
  store: Store,
  name: string,
  parts: ManifestDocument['parts'],
): Promise<readonly ManifestFile[] | undefined> {
  if (parts === undefined) return undefined;
  const files: ManifestFile[] = [];
  for (let at = 0; at < parts.count; at += 1) {
    const part = await readKept(store, PARTS, partName(name, at));
    if (part?.id !== parts.id) return undefined;
    for (const file of part.files) files.push(file);
  }
  return files;
}

function partName(manifest: string, at: number): string {
  return `${manifest}/${at}`;
}

export async function saveManifest(store: Store, manifest: Manifest): Promise<void> {
  const { ref, commit, revision, createdAtS, isPublic } = manifest.pinned;
  const name = manifestName(ref, commit);
  const document: ManifestDocument = {
    commit,
    revision,
    ...(createdAtS === undefined ? {} : { createdAtS }),
    ...(isPublic === undefined ? {} : { isPublic }),
    ...(manifest.files.length > PART_FILES
      ? { parts: await saveParts(store, name, manifest.files) }
      : { files: manifest.files }),
  };
  await store.documents.write(MANIFESTS.collection, name, document);
}

async function saveParts(
  store: Store,
  name: string,
  files: readonly ManifestFile[],
): Promise<{ readonly id: string; readonly count: number }> {
  const id = randomUUID();
  const count = Math.ceil(files.length / PART_FILES);
  for (let at = 0; at < count; at += 1) {
    const part: PartDocument = { id, files: files.slice(at * PART_FILES, (at + 1) * PART_FILES) };
    await store.documents.write(PARTS.collection, partName(name, at), part);
  }
  return { id, count };
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
