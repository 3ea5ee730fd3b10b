import type { HashProgress } from './hash-model.js';
import type { ModelCheck } from './check-model.js';
import { isSnapshot, type ModelFile } from './model-files.js';

/** How the files of a folder are compared with a manifest. */
export function createModelCheck(
  root: string,
  files: readonly ModelFile[],
  signatureNames: readonly string[],
  signal: AbortSignal,
  progress?: HashProgress,
): ModelCheck {
  const linksAreFiles = isSnapshot(root);
  const isOneFile = files.length === 1 && files[0]?.path === root;
  return { files, signatureNames, linksAreFiles, isOneFile, signal, ...(progress === undefined ? {} : { progress }) };
}
