import { randomBytes } from 'node:crypto';
import { access, mkdtemp, open, realpath, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sleep } from '../../net/index.js';
import type { DiskFacts } from '../facts.js';
import { failureOf } from '../failure.js';
import { PROBES } from '../limits.js';
import { mountOf } from './mount-of.js';
import { parseQuota } from './parse-quota.js';
import { probeAbilities } from './probe-abilities.js';
import { probeLocks } from './probe-locks.js';
import { readKernelFile } from './read-kernel-file.js';
import { runTool } from './run-tool.js';
import { diskWait, readDiskClock } from './watch-disk.js';

const BLOCK_BYTES = 2 ** 20;

export interface DiskProbe {
  readonly disk: DiskFacts;
  /** Of the time before we wrote, that processors had nothing to do but wait for disks. */
  readonly waitShare?: number;
}

/** Watches the disk for a moment, then writes into a folder of its own below `path` (or the nearest folder above that exists) and removes it. */
export async function probeDisk(path: string, signal: AbortSignal): Promise<DiskProbe> {
  const base = await existing(path);
  const mount = mountOf(await realpath(base).catch(() => base), readKernelFile('/proc/self/mountinfo') ?? '');
  const before = readDiskClock(mount?.number);
  await sleep(PROBES.watchMs, signal);
  const { waitShare, ...busy } = diskWait(before, readDiskClock(mount?.number));
  const place = mount === undefined ? {} : { device: mount.device, fileSystem: mount.fileSystem };
  const disk = await probeWriting(base, { path, ...place, ...busy }, mount?.number, signal);
  return { disk, ...(waitShare === undefined ? {} : { waitShare }) };
}

async function probeWriting(
  base: string,
  known: DiskFacts,
  deviceNumber: string | undefined,
  signal: AbortSignal,
): Promise<DiskFacts> {
  let folder: string | undefined;
  let facts = known;
  try {
    const { bavail, bsize } = await statfs(base);
    facts = { ...facts, freeBytes: bavail * bsize, ...(await quotaOf(known.device, signal)) };
    folder = await mkdtemp(join(base, '.sluice-doctor-'));
    const bytes = Math.min(PROBES.diskBytes, Math.floor((bavail * bsize) / 8 / BLOCK_BYTES) * BLOCK_BYTES);
    if (bytes >= BLOCK_BYTES) {
      const before = readDiskClock(deviceNumber);
      const writeBytesPerSecond = await timeWriting(join(folder, 'data'), bytes, signal);
      const { busyShare } = diskWait(before, readDiskClock(deviceNumber));
      facts = { ...facts, writeBytesPerSecond, ...(busyShare === undefined ? {} : { ownBusyShare: busyShare }) };
    }
    facts = { ...facts, syncMs: await timeSync(join(folder, 'small')) };
    facts = { ...facts, ...(await probeAbilities(folder)) };
    return { ...facts, ...(await probeLocks(folder, signal)) };
  } catch (thrown) {
    signal.throwIfAborted();
    return { ...facts, failure: failureOf(thrown) };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function quotaOf(device: string | undefined, signal: AbortSignal): Promise<Pick<DiskFacts, 'quotaLeftBytes'>> {
  if (device === undefined) return {};
  const quotaLeftBytes = parseQuota((await runTool('quota', ['-w', '-p'], signal)) ?? '', device);
  return quotaLeftBytes === undefined ? {} : { quotaLeftBytes };
}

/** Until the disk has them: what stays in memory says nothing of the disk. Random bytes, which no file system can make smaller. */
async function timeWriting(path: string, sizeBytes: number, signal: AbortSignal): Promise<number> {
  const block = randomBytes(BLOCK_BYTES);
  const file = await open(path, 'wx');
  try {
    const startedMs = performance.now();
    for (let at = 0; at < sizeBytes; at += BLOCK_BYTES) {
      signal.throwIfAborted();
      await file.write(block, 0, BLOCK_BYTES, at);
    }
    await file.datasync();
    return (sizeBytes / (performance.now() - startedMs)) * 1000;
  } finally {
    await file.close();
  }
}

async function timeSync(path: string): Promise<number> {
  const file = await open(path, 'wx');
  try {
    await file.write('x');
    const startedMs = performance.now();
    await file.sync();
    return performance.now() - startedMs;
  } finally {
    await file.close();
  }
}

/** The folder itself is not made: nothing is left behind that was not asked for. */
async function existing(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      await access(at);
      return at;
    } catch {
      if (dirname(at) === at) return at;
    }
  }
}
