import type { Facts } from '../facts.js';
import type { Suspicion } from './suspicion.js';
import { CLEAN_COMMAND } from './commands.js';
import { THRESHOLDS } from './thresholds.js';

/** What is wrong on this machine, for a job of that size. */
export function suspectMachine({ job, machine }: Facts): readonly Suspicion[] {
  const { disk } = machine;
  if (disk.failure !== undefined) {
    const cause = disk.failure.code === 'DISK_FULL' ? 'DISK_FULL' : 'NOT_WRITABLE';
    const { message: reason, code } = disk.failure;
    const evidence = { path: disk.path, reason, code, neededBytes: job.sizeBytes, freeBytes: 0 };
    return [{ cause, about: disk.path, evidence }];
  }
  const found: Suspicion[] = [];
  const neededBytes = job.sizeBytes + THRESHOLDS.spareBytes;
  const { path, freeBytes, writeBytesPerSecond: rate } = disk;
  if (freeBytes !== undefined && freeBytes < neededBytes)
    found.push({ cause: 'DISK_FULL', about: path, evidence: { path, neededBytes, freeBytes }, command: CLEAN_COMMAND });
  const leftBytes = disk.quotaLeftBytes;
  if (leftBytes !== undefined && leftBytes < neededBytes)
    found.push({ cause: 'QUOTA_FULL', about: path, evidence: { path, neededBytes, leftBytes } });
  if (rate !== undefined && rate < THRESHOLDS.diskBytesPerSecond) {
    const passage = { bytesPerSecond: rate, mendedBytesPerSecond: THRESHOLDS.usualDiskBytesPerSecond };
    found.push({ cause: 'SLOW_DISK', about: path, evidence: { path, writePerSecond: rate }, passage });
  }
  const { hashBytesPerSecond: hash, openFiles } = machine;
  if (hash < THRESHOLDS.hashBytesPerSecond) {
    const passage = { bytesPerSecond: hash, mendedBytesPerSecond: THRESHOLDS.usualHashBytesPerSecond };
    found.push({ cause: 'SLOW_HASH', about: 'SHA-256', evidence: { hashPerSecond: hash }, passage });
  }
  if (openFiles !== undefined && openFiles < THRESHOLDS.openFiles)
    found.push({ cause: 'FEW_OPEN_FILES', about: 'ulimit -n', evidence: { count: openFiles } });
  if (disk.hardLinks === false) found.push({ cause: 'NO_HARD_LINKS', about: path, evidence: { path } });
  return found;
}
