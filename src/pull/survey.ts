import type { Manifest, ManifestFile } from '../hubs/index.js';
import type { Hands, Looked, Store, Wanted } from '../store/index.js';
import { knownDigests } from './holdings.js';

/** A selected file and what the store has of it. */
export interface SurveyedFile {
  readonly file: ManifestFile;
  /** Set when the blob is here and proven. */
  readonly sha256: string | undefined;
  /** Of the listing, or of the blob that is here. */
  readonly sizeBytes: number | undefined;
}

/**
 * Finds out which files are already here. Costs one stat and one small read per file; a blob whose stamp no longer fits
 * is hashed again, and counts as missing when it is wrong.
 */
export async function surveyFiles(
  store: Store,
  hands: Hands,
  manifest: Manifest,
  files: readonly ManifestFile[],
  signal: AbortSignal,
): Promise<readonly SurveyedFile[]> {
  const undigested = files.some((file) => Object.keys(file.digests).length === 0);
  const known = undigested ? await knownDigests(store, manifest.pinned) : new Map<string, string>();
  const looked = await hands.look(files.map((file) => ({ ...wantedOf(file, known), sizeBytes: file.sizeBytes })));
  const surveyed: SurveyedFile[] = [];
  for (const [index, file] of files.entries()) {
    signal.throwIfAborted();
    surveyed.push(await surveyFile(store, file, looked[index], signal));
  }
  return surveyed;
}

function wantedOf({ path, digests }: ManifestFile, known: ReadonlyMap<string, string>): Pick<Wanted, 'digests'> {
  const sha256 = digests.sha256 ?? known.get(path);
  return { digests: sha256 === undefined ? digests : { ...digests, sha256 } };
}

async function surveyFile(
  store: Store,
  file: ManifestFile,
  looked: Looked | undefined,
  signal: AbortSignal,
): Promise<SurveyedFile> {
  const absent = { file, sha256: undefined, sizeBytes: file.sizeBytes };
  if (looked?.sha256 === undefined || looked.state === 'absent') return absent;
  const { sha256, state, sizeBytes } = looked;
  if (state === 'unproven' && (await store.proveBlob(sha256, signal)) !== 'proven') return absent;
  return { file, sha256, sizeBytes: file.sizeBytes ?? sizeBytes };
}
