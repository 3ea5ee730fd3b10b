import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { errnoOf } from '../../base/index.js';
import { unless } from '../files/errors.js';
import { temporaryName } from '../files/temporary-name.js';
import { parseRecord } from './lease-record.js';
import type { LeaseTiming } from './lease-timing.js';
import { observeLease, sameSighting, silenceMs, type LeaseSighting } from './observe-lease.js';

/**
 * Removes a lease that was judged dead, unless it changed since. One process at a time may do so (`<lease>.breaking`, made
 * exclusively): otherwise a second one that judged the same dead lease would remove its successor's.
 */
export async function breakLease(path: string, judged: LeaseSighting, tmp: string, timing: LeaseTiming): Promise<void> {
  const guard = `${path}.breaking`;
  if (!(await makeGuard(guard))) return removeDeadGuard(guard, tmp, timing);
  try {
    const current = await observeLease(path);
    if (current === undefined || !sameSighting(current, judged)) return;
    const aside = temporaryName(tmp);
    await unless(rename(path, aside));
    const text = await unless(readFile(aside, 'utf8'));
    // The holder woke up, let go, and somebody made a new lease between the look and the rename: give it back.
    const wrong = text !== undefined && parseRecord(text)?.token !== judged.record?.token;
    if (wrong) await rename(aside, path);
    else await rm(aside, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function makeGuard(guard: string): Promise<boolean> {
  try {
    await (await open(guard, 'wx')).close();
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST' || errnoOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}

/** A guard is held for milliseconds; one that is old belongs to a process that died holding it. */
async function removeDeadGuard(guard: string, tmp: string, timing: LeaseTiming): Promise<void> {
  const found = await unless(stat(guard, { bigint: true }));
  if (found === undefined) return;
  const age = await silenceMs({ record: undefined, mtimeNs: found.mtimeNs }, tmp);
  if (age > timing.staleMs) await rm(guard, { force: true });
}
