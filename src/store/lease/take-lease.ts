import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError, errnoOf } from '../../base/index.js';
import { inFolder } from '../files/write-atomic.js';
import { breakLease } from './break-lease.js';
import { holdLease, type HeldLease } from './held-lease.js';
import { describeHolder, formatRecord, newRecord } from './lease-record.js';
import type { LeaseTiming } from './lease-timing.js';
import { observeLease, sameSighting, silenceMs, type LeaseSighting } from './observe-lease.js';
import { isDead } from './process-identity.js';

export interface TakeLeaseOptions {
  /** For short-lived names, on the same file system as the lease. */
  readonly tmp: string;
  readonly timing: LeaseTiming;
  readonly signal: AbortSignal;
  /** Told once for each holder that is waited for. */
  readonly onWait?: (holder: string) => void;
  /** Asked before every look at a lease that is held; true ends the waiting without a lease. */
  readonly isMoot?: () => Promise<boolean>;
}

/** Takes the lease at `path`, waiting for whoever holds it. @throws SluiceError INTERRUPTED */
export async function takeLease(path: string, options: TakeLeaseOptions): Promise<HeldLease | undefined> {
  let seen: { readonly sighting: LeaseSighting; readonly sinceMs: number } | undefined;
  let told: string | undefined;
  for (;;) {
    if (options.signal.aborted) throw new SluiceError('INTERRUPTED');
    const lease = await tryLease(path, options.timing);
    if (lease !== undefined) return lease;
    if ((await options.isMoot?.()) === true) return undefined;
    const sighting = await observeLease(path);
    if (sighting === undefined) continue;
    if (seen === undefined || !sameSighting(seen.sighting, sighting)) seen = { sighting, sinceMs: performance.now() };
    if (await isStale(seen.sighting, performance.now() - seen.sinceMs, options)) {
      await breakLease(path, sighting, options.tmp, options.timing);
      continue;
    }
    const holder = describeHolder(sighting.record);
    const id = sighting.record?.token;
    if (id !== undefined && told !== id) options.onWait?.(holder);
    told = id ?? told;
    // No listener on the signal: many wait on one, and the next look is near.
    await sleep(options.timing.pollMs);
  }
}

/** Makes the lease if there is none. Needs only exclusive creation: no hard links, no flock. */
export async function tryLease(path: string, timing: LeaseTiming): Promise<HeldLease | undefined> {
  const record = newRecord(randomBytes(16).toString('hex'));
  try {
    const handle = await inFolder(dirname(path), () => open(path, 'wx'));
    try {
      await handle.writeFile(formatRecord(record));
    } catch (thrown) {
      await rm(path, { force: true });
      throw thrown;
    } finally {
      await handle.close();
    }
    return holdLease(path, record, timing);
  } catch (thrown) {
    // ENOENT: the last holder removed the folder between our making it and using it. EPERM: Windows, file being deleted.
    if (['EEXIST', 'ENOENT', ...(process.platform === 'win32' ? ['EPERM'] : [])].includes(errnoOf(thrown) ?? ''))
      return;
    throw thrown;
  }
}

/** Whether nobody holds the lease any more: its process is surely dead, or has been silent for too long. */
export async function isStale(
  sighting: LeaseSighting,
  watchedMs: number,
  options: { readonly tmp: string; readonly timing: LeaseTiming },
): Promise<boolean> {
  if (sighting.record !== undefined && isDead(sighting.record)) return true;
  if (watchedMs < options.timing.confirmMs) return false;
  return (await silenceMs(sighting, options.tmp)) > options.timing.staleMs;
}
