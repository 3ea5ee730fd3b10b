import { stat } from 'node:fs/promises';
import type { Digests } from '../base/index.js';
import type { Content } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { inTime } from './in-time.js';
import type { PieceGuards } from './piece-guards.js';
import { readFile } from './read-file.js';

/** Blobs that are being hashed, whoever asked for them. */
const proving = new WeakMap<Store, Map<string, Promise<unknown>>>();

/**
 * Content that is here and right; undefined where it is not. What is not known to be right (a store that was copied, a file that was touched) is hashed first. `used` is told of its
 * SHA-256, `changed` where something else than what was proven stands in its place.
 * @throws SluiceError STALLED where hashing takes longer than clients wait; it goes on for those who come again
 */
export async function heldContent(
  store: Store,
  guards: PieceGuards,
  digests: Digests,
  sizeBytes: number | undefined,
  used: (sha256: string) => void,
  changed: (sha256: string) => void = () => undefined,
): Promise<Content | undefined> {
  // Nobody has to be asked for nothing.
  if (sizeBytes === 0 && isOfNothing(digests))
    return { sizeBytes, status: 'HIT', sha256: SHA256_OF_NOTHING, read: readNothing };
  const sha256 = await store.lookup(digests, sizeBytes);
  if (sha256 === undefined) return undefined;
  const state = await store.blobState(sha256);
  if (state === 'absent') return undefined;
  if (state === 'unproven') {
    const { signal } = new AbortController();
    const proof = await inTime(
      proveOnce(store, sha256, () => changed(sha256)),
      false,
      signal,
    );
    if (proof !== 'proven') return undefined;
  }
  used(sha256);
  const path = store.blobPath(sha256);
  const found = await stat(path, { bigint: true });
  const guard = guards.guard(sha256, found);
  const read: Content['read'] = (span, signal) => readFile(path, span, signal, guard);
  return { sizeBytes: Number(found.size), status: 'HIT', sha256, path, guard, read };
}

function proveOnce(store: Store, sha256: string, begins: () => void): Promise<unknown> {
  const all = proving.get(store) ?? new Map<string, Promise<unknown>>();
  proving.set(store, all);
  const known = all.get(sha256);
  if (known !== undefined) return known;
  begins();
  const proof = store.proveBlob(sha256);
  all.set(sha256, proof);
  const over = (): boolean => all.delete(sha256);
  proof.then(over, over);
  return proof;
}

const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** As git names an empty blob. */
const GIT_OF_NOTHING = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';

function isOfNothing({ sha256, gitSha1 }: Digests): boolean {
  return sha256 === undefined ? gitSha1 === GIT_OF_NOTHING : sha256 === SHA256_OF_NOTHING;
}

async function* readNothing(): AsyncGenerator<Buffer> {
  // There is nothing.
}
