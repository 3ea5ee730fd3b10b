import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { groupFolders, type GroupFolders, type ReadKernelFile } from './control-groups.js';
import type { MachineDescription } from './engine-budget.js';

/** Limits beyond an exabyte are the kernel's way of saying that there is none. */
const NO_LIMIT = 2 ** 60;

/** What this machine and the containers around this process have. Off Linux only the number of processors is known. */
export function readMachine(
  read: ReadKernelFile = readKernelFile,
  processors: number = availableParallelism(),
): MachineDescription {
  const availableBytes = meminfoBytes(read('/proc/meminfo') ?? '', 'MemAvailable');
  const memory = groupFolders('memory', read);
  const memoryGroups = memory.flatMap(({ version, folders }) =>
    folders.flatMap((folder) => memoryGroup(version, folder, read)),
  );
  const quotas = groupFolders('cpu', read).flatMap(({ version, folders }) =>
    folders.flatMap((folder) => processorQuota(version, folder, read) ?? []),
  );
  return {
    memoryGroups,
    ...(availableBytes === undefined ? {} : { availableBytes }),
    processors,
    ...(quotas.length === 0 ? {} : { processorQuota: Math.min(...quotas) }),
  };
}

function readKernelFile(path: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function memoryGroup(
  version: GroupFolders['version'],
  folder: string,
  read: ReadKernelFile,
): MachineDescription['memoryGroups'] {
  const count = (name: string): number | undefined => wholeNumber(read(`${folder}/${name}`));
  const limits = version === 2 ? ['memory.max', 'memory.high'] : ['memory.limit_in_bytes'];
  const limitBytes = Math.min(...limits.map((name) => count(name) ?? Infinity));
  if (limitBytes >= NO_LIMIT) return [];
  const inUse = count(version === 2 ? 'memory.current' : 'memory.usage_in_bytes');
  if (inUse === undefined) return [{ limitBytes }];
  const stat = read(`${folder}/memory.stat`) ?? '';
  // Files in the page cache count as used, but give way; version 1 has the sums over the groups below under other names.
  const prefix = version === 2 ? '' : 'total_';
  const cacheBytes = ['inactive_file', 'active_file'].reduce((sum, name) => sum + statValue(stat, prefix + name), 0);
  return [{ limitBytes, usedBytes: Math.max(0, inUse - cacheBytes) }];
}

function processorQuota(version: GroupFolders['version'], folder: string, read: ReadKernelFile): number | undefined {
  const [quota, period] =
    version === 2
      ? (read(`${folder}/cpu.max`) ?? '').split(' ').map(wholeNumber)
      : ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => wholeNumber(read(`${folder}/${name}`)));
  if (quota === undefined || period === undefined || quota === 0 || period === 0) return undefined;
  return quota / period;
}

/** Undefined for `max`, `-1` and whatever else is no count. */
function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

function statValue(stat: string, name: string): number {
  const line = stat.split('\n').find((one) => one.startsWith(`${name} `));
  return wholeNumber(line?.slice(name.length + 1)) ?? 0;
}

function meminfoBytes(meminfo: string, name: string): number | undefined {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo);
  return match === null ? undefined : Number(match[1]) * 1024;
}
