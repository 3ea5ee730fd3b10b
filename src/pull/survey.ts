import { stat } from 'node:fs/promises';
import type { Manifest, ManifestFile } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { knownDigests } from './holdings.js';

/** A selected file and what the store has of it. */
export interface SurveyedFile {
  readonly file: ManifestFile;
  /** Set when the blob is here and proven. */
  readonly sha256: string | undefined;
  /** Of the listing, or of the blob that is here. */
  readonly sizeBytes: number | undefined;
}

/** How many files are looked at side by side: enough to hide the latency of a disk, few enough for its queue. */
const LOOKS_AT_ONCE = 32;

/**
 * Finds out which files are already here. Costs one stat and one small read per file; a blob whose stamp no longer fits
 * is hashed again, and counts as missing when it is wrong.
 */
export async function surveyFiles(
  store: Store,
  manifest: Manifest,
  files: readonly ManifestFile[],
  signal: AbortSignal,
): Promise<readonly SurveyedFile[]> {
  const undigested = files.some((file) => Object.keys(file.digests).length === 0);
  const known = undigested ? await knownDigests(store, manifest.pinned) : new Map<string, string>();
  const surveyed: SurveyedFile[] = [];
  for (let start = 0; start < files.length; start += LOOKS_AT_ONCE) {
    signal.throwIfAborted();
    const slice = files.slice(start, start + LOOKS_AT_ONCE);
    surveyed.push(...(await Promise.all(slice.map((file) => surveyFile(store, file, known, signal)))));
  }
  return surveyed;
}

async function surveyFile(
  store: Store,
  file: ManifestFile,
  known: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<SurveyedFile> {
  const sha256 = file.digests.sha256 ?? known.get(file.path) ?? (await store.lookup(file.digests, file.sizeBytes));
  const absent = { file, sha256: undefined, sizeBytes: file.sizeBytes };
  if (sha256 === undefined) return absent;
  const state = await store.blobState(sha256);
  const proven = state === 'proven' || (state === 'unproven' && (await store.proveBlob(sha256, signal)) === 'proven');
  if (!proven) return absent;
  return { file, sha256, sizeBytes: file.sizeBytes ?? (await stat(store.blobPath(sha256))).size };
}
