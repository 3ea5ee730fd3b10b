import { chmod, lstat, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../base/index.js';
import { readAlias } from '../blobs/aliases.js';
import { blobState } from '../blobs/blob-state.js';
import { putFile } from '../blobs/put-blob.js';
import { asSluiceErrors, unless } from '../files/errors.js';
import type { Layout } from '../layout.js';
import type { HeldLease } from '../lease/held-lease.js';
import type { LeaseTiming } from '../lease/lease-timing.js';
import { takeLease } from '../lease/take-lease.js';
import type { BlobProof, Partial, PartialIdentity } from '../port.js';
import { allocate, stretch } from './allocate.js';
import { PARTIAL_FILES } from './partial-files.js';
import { partialKey } from './partial-key.js';

export interface OpenPartialOptions {
  readonly signal: AbortSignal;
  readonly onWait?: (holder: string) => void;
}

/** See `Store.openPartial`. */
export async function openPartial(
  layout: Layout,
  identity: PartialIdentity,
  timing: LeaseTiming,
  options: OpenPartialOptions,
): Promise<Partial | undefined> {
  const key = partialKey(identity);
  const folder = layout.partial(key);
  const isMoot = (): Promise<boolean> => isHere(layout, identity);
  const lease = await takeLease(join(folder, PARTIAL_FILES.lease), { ...options, tmp: layout.tmp, timing, isMoot });
  if (lease === undefined) return undefined;
  const partial = heldPartial(layout, key, lease);
  await makeWritable(partial.dataPath);
  // The holder before us may have finished between the caller's look and now.
  if (!(await isMoot())) return partial;
  await partial.release();
  return undefined;
}

/** A process that died between making the data read-only and giving it its name left it so. */
async function makeWritable(path: string): Promise<void> {
  const found = await unless(lstat(path));
  if (found?.isFile() === true && (found.mode & 0o200) === 0) await chmod(path, (found.mode & 0o777) | 0o200);
}

async function isHere(layout: Layout, { digests, sizeBytes }: PartialIdentity): Promise<boolean> {
  const sha256 = digests.sha256 ?? (await readAlias(layout, digests, sizeBytes));
  return sha256 !== undefined && (await blobState(layout, sha256)) === 'proven';
}

function heldPartial(layout: Layout, key: string, lease: HeldLease): Partial {
  const folder = layout.partial(key);
  const dataPath = join(folder, PARTIAL_FILES.data);
  const journalPath = join(folder, PARTIAL_FILES.journal);
  const release = async (): Promise<void> => {
    await lease.release();
    await unless(rmdir(folder), ['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM']);
  };
  return {
    key,
    dataPath,
    journalPath,
    lost: lease.lost,
    allocate: (sizeBytes, { isSparse = false } = {}) =>
      asSluiceErrors(() => (isSparse ? stretch(dataPath, sizeBytes) : allocate(dataPath, sizeBytes, folder))),
    commit: (proof: BlobProof) =>
      asSluiceErrors(async () => {
        await assertOurs(lease, dataPath);
        await putFile(layout, dataPath, proof);
        await rm(journalPath, { force: true });
        await release();
      }),
    release: () => asSluiceErrors(release),
    reset: () =>
      asSluiceErrors(async () => {
        await assertOurs(lease, dataPath);
        // The journal first: a journal without data would claim bytes that are not there.
        await rm(journalPath, { force: true });
        await rm(dataPath, { force: true });
      }),
  };
}

async function assertOurs(lease: HeldLease, path: string): Promise<void> {
  if (await lease.isOurs()) return;
  throw new SluiceError('FILE_SYSTEM', { path, reason: 'another process took this partial over' });
}
