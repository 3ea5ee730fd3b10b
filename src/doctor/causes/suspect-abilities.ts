import type { Facts } from '../facts.js';
import type { Suspicion } from './suspicion.js';
import { THRESHOLDS } from './thresholds.js';

/** What works on this machine and may not always: the disk's load and abilities, memory, GPUs that wait. */
export function suspectAbilities({ machine }: Facts): readonly Suspicion[] {
  const { disk, availableBytes, waitShare = 0, gpus = [] } = machine;
  if (disk.failure !== undefined) return [];
  const { path, device = path, busyShare = 0, longestNameBytes: nameBytes } = disk;
  const found: Suspicion[] = [];
  const isBusy = busyShare >= THRESHOLDS.busyShare;
  const idle = gpus.find(
    (gpu) =>
      gpu.usedBytes >= gpu.memoryBytes * THRESHOLDS.gpuInUseShare &&
      (gpu.busyShare ?? 1) <= THRESHOLDS.gpuIdleShare &&
      (isBusy || waitShare >= THRESHOLDS.waitShare),
  );
  const busyPercent = Math.round(busyShare * 100);
  if (idle !== undefined) {
    const evidence = { gpu: idle.name, gpuPercent: Math.round((idle.busyShare ?? 0) * 100), path, busyPercent };
    const waitPercent = Math.round(waitShare * 100);
    found.push({ cause: 'GPU_WAITS_FOR_DISK', about: idle.name, evidence: { ...evidence, waitPercent } });
  } else if (isBusy) found.push({ cause: 'DISK_BUSY', about: path, evidence: { path, device, busyPercent } });
  if (availableBytes !== undefined && availableBytes < THRESHOLDS.memoryBytes)
    found.push({ cause: 'LITTLE_MEMORY', about: 'memory', evidence: { availableBytes } });
  if (disk.symlinks === false) found.push({ cause: 'NO_SYMLINKS', about: path, evidence: { path } });
  if (disk.keepsOut === false) found.push({ cause: 'LOCKS_IGNORED', about: path, evidence: { path } });
  if (disk.flocks === false) found.push({ cause: 'FLOCK_IGNORED', about: path, evidence: { path } });
  if (disk.ignoresCase === true) found.push({ cause: 'CASE_IGNORED', about: path, evidence: { path } });
  if (nameBytes !== undefined && nameBytes < THRESHOLDS.nameBytes)
    found.push({ cause: 'NAMES_TOO_SHORT', about: path, evidence: { path, most: nameBytes } });
  return found;
}
