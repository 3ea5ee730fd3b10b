import { SluiceError } from '../base/index.js';
import { matchFiles, type ManifestFile } from '../hubs/index.js';
import type { PullRequest } from './port.js';

/** The files of a listing that the filters leave. @throws SluiceError NOTHING_MATCHED when none does */
export function selectFiles(files: readonly ManifestFile[], request: PullRequest): readonly ManifestFile[] {
  const selected = matchFiles(files, request.include, request.exclude);
  if (selected.length === 0) throw new SluiceError('NOTHING_MATCHED', { ref: request.ref, files: files.length });
  return selected;
}
