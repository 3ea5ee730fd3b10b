import { lstat, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { blobStat } from '../blobs/blob-state.js';
import { readStamp, removeStamp } from '../blobs/stamps.js';
import { asSluiceErrors, unless } from '../files/errors.js';
import { layoutOf, type Layout } from '../layout.js';
import { breakLease } from '../lease/break-lease.js';
import type { HeldLease } from '../lease/held-lease.js';
import { LEASE_TIMING } from '../lease/lease-timing.js';
import { observeLease } from '../lease/observe-lease.js';
import { isStale, tryLease } from '../lease/take-lease.js';
import { PARTIAL_FILES } from '../partials/partial-files.js';
import type { Store } from '../port.js';
import type { CollectionPlan } from './plan-collection.js';

export interface Collected {
  readonly blobs: number;
  readonly partials: number;
  readonly leftovers: number;
  readonly freedBytes: number;
}

/** Removes what a plan named, except what came into use since. */
export function collect(store: Store, plan: CollectionPlan): Promise<Collected> {
  return asSluiceErrors(async () => {
    const layout = layoutOf(store.root);
    let freedBytes = 0;
    const counts = { blobs: 0, partials: 0, leftovers: 0 };
    for (const blob of plan.blobs) {
      if (!(await removeBlob(layout, blob.sha256, plan.madeAtMs))) continue;
      counts.blobs += 1;
      freedBytes += blob.otherLinks === 0 ? blob.sizeBytes : 0;
    }
    for (const partial of plan.partials) {
      if (!(await removePartial(layout, partial.key))) continue;
      counts.partials += 1;
      freedBytes += partial.sizeBytes;
    }
    for (const { path, sizeBytes } of plan.leftovers) {
      const stat = await unless(lstat(path));
      if (stat === undefined || stat.mtimeMs > plan.madeAtMs) continue;
      await rm(path, { force: true });
      counts.leftovers += 1;
      freedBytes += sizeBytes;
    }
    return { ...counts, freedBytes };
  });
}

async function removeBlob(layout: Layout, sha256: string, plannedAtMs: number): Promise<boolean> {
  if ((await blobStat(layout, sha256)) === undefined) return false;
  const stamp = await readStamp(layout, sha256);
  if ((stamp?.file?.verifiedAtMs ?? 0) > plannedAtMs) return false;
  await rm(layout.blob(sha256), { force: true });
  await removeStamp(layout, sha256);
  await rm(layout.chunkList(sha256), { force: true });
  return true;
}

/** Under its lease, as everybody who touches a partial. */
async function removePartial(layout: Layout, key: string): Promise<boolean> {
  const folder = layout.partial(key);
  const lease = await leaseIfFree(layout, join(folder, PARTIAL_FILES.lease));
  if (lease === undefined) return false;
  await rm(join(folder, PARTIAL_FILES.journal), { force: true });
  await rm(join(folder, PARTIAL_FILES.data), { force: true });
  await lease.release();
  await unless(rmdir(folder), ['ENOENT', 'ENOTEMPTY', 'EEXIST']);
  return true;
}

async function leaseIfFree(layout: Layout, path: string): Promise<HeldLease | undefined> {
  const lease = await tryLease(path, LEASE_TIMING);
  if (lease !== undefined) return lease;
  const sighting = await observeLease(path);
  if (sighting === undefined) return undefined;
  if (!(await isStale(sighting, Infinity, { tmp: layout.tmp, timing: LEASE_TIMING }))) return undefined;
  await breakLease(path, sighting, layout.tmp, LEASE_TIMING);
  return tryLease(path, LEASE_TIMING);
}
