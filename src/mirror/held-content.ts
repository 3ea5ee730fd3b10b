import { stat } from 'node:fs/promises';
import type { Digests } from '../base/index.js';
import type { Content } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { readFile } from './read-file.js';

/** Content that is here and proven; undefined where it is not. `used` is told of its SHA-256, `changed` where something else than what was proven stands in its place. */
export async function heldContent(
  store: Store,
  digests: Digests,
  sizeBytes: number | undefined,
  used: (sha256: string) => void,
  changed: (sha256: string) => void = () => undefined,
): Promise<Content | undefined> {
  const sha256 = await store.lookup(digests, sizeBytes);
  if (sha256 === undefined) return undefined;
  const state = await store.blobState(sha256);
  if (state === 'unproven') changed(sha256);
  if (state !== 'proven') return undefined;
  used(sha256);
  const path = store.blobPath(sha256);
  const { size } = await stat(path);
  return { sizeBytes: size, status: 'HIT', path, read: (span, signal) => readFile(path, span, signal) };
}
