import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toSluiceError } from '../../../base/index.js';
import { LEASE_TIMING, takeLease } from '../../../store/index.js';

/**
 * Runs `work` while no other process applies or undoes a remedy of this store: two at once would give their records the same number, and one would take the
 * other's half-done changes for those of a killed run. Waits for whoever is at it; one that was killed is not waited for.
 * @throws SluiceError INTERRUPTED, NO_PERMISSION
 */
export async function oneAtATime<T>(storeHome: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const folder = join(storeHome, 'remedies');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw toSluiceError(thrown, { path: folder });
  }
  const lease = await takeLease(join(folder, 'lease'), { tmp: folder, timing: LEASE_TIMING, signal });
  try {
    return await work();
  } finally {
    await lease?.release();
  }
}
