import { stat } from 'node:fs/promises';
import { SluiceError, formatBytes } from '../base/index.js';
import type { Store } from '../store/index.js';
import { SMALL_FILE_BYTES } from './limits.js';
import type { TransferTask } from './port.js';

/** How long to wait for a look at a partial that another process may hold. */
const LOOK_MS = 500;

/**
 * Whether the store's disk can take what is still missing of these files, asked before the first byte. What is here already, whole or in
 * part, is only counted when it matters.
 */
export async function findShortage(
  store: Store,
  tasks: readonly TransferTask[],
  signal: AbortSignal,
): Promise<SluiceError | undefined> {
  const freeBytes = await store.freeBytes();
  let neededBytes = tasks.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  if (neededBytes <= freeBytes) return undefined;
  for (const task of tasks) {
    if (signal.aborted) return undefined;
    neededBytes -= await heldBytes(store, task, signal);
    if (neededBytes <= freeBytes) return undefined;
  }
  return new SluiceError('DISK_FULL', {
    path: store.root,
    needed: formatBytes(neededBytes),
    free: formatBytes(freeBytes),
  });
}

/** Bytes of the file that have their place on the disk. */
async function heldBytes(store: Store, task: TransferTask, signal: AbortSignal): Promise<number> {
  const { digests, sizeBytes = 0 } = task;
  const sha256 = digests.sha256 ?? (await store.lookup(digests, task.sizeBytes));
  if (sha256 !== undefined && (await store.blobState(sha256)) !== 'absent') return sizeBytes;
  if (sizeBytes <= SMALL_FILE_BYTES) return 0;
  const url = task.sources[0]?.url;
  try {
    const partial = await store.openPartial(
      {
        digests,
        sizeBytes: task.sizeBytes,
        ...(url === undefined ? {} : { url }),
        ...(task.validators ? { validators: task.validators } : {}),
      },
      { signal: AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]) },
    );
    if (partial === undefined) return sizeBytes;
    try {
      return Math.min(sizeBytes, (await stat(partial.dataPath)).blocks * 512);
    } catch {
      return 0;
    } finally {
      await partial.release();
    }
  } catch {
    // Somebody else is bringing it, in space that is already theirs.
    return sizeBytes;
  }
}
