import { stat } from 'node:fs/promises';
import type { Digests } from '../base/index.js';
import type { Content } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { readFile } from './read-file.js';

/** Content that is here and proven; undefined where it is not. `used` is told of its SHA-256. */
export async function heldContent(
  store: Store,
  digests: Digests,
  sizeBytes: number | undefined,
  used: (sha256: string) => void,
): Promise<Content | undefined> {
  const sha256 = await store.lookup(digests, sizeBytes);
  if (sha256 === undefined || (await store.blobState(sha256)) !== 'proven') return undefined;
  used(sha256);
  const path = store.blobPath(sha256);
  const { size } = await stat(path);
  return { sizeBytes: size, status: 'HIT', path, read: (span, signal) => readFile(path, span, signal) };
}
