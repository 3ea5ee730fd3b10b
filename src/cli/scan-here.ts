import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errnoOf } from '../base/index.js';
import { scanPath } from '../scan/index.js';
import type { ScanReport } from './api.js';

/**
 * Looks into what stands on this disk, for which nothing that pulls is loaded. Undefined where `target` is no path of a file or folder: it is a ref then,
 * or nothing. Rejects as `scanPath` does.
 */
export async function scanHere(
  target: string,
  options: Parameters<typeof scanPath>[1],
): Promise<ScanReport | undefined> {
  if (/^(?:hf|ms|https?):/i.test(target)) return undefined;
  const startedMs = Date.now();
  const path = resolve(target);
  try {
    await stat(path);
  } catch (thrown) {
    if (errnoOf(thrown) === undefined) throw thrown;
    return undefined;
  }
  const files = (await scanPath(path, options)).map((file) => ({ ...file, sha256: null }));
  return { target: path, place: 'folder', files, ms: Date.now() - startedMs };
}
