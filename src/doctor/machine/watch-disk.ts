import { readKernelFile } from './read-kernel-file.js';

type Read = (path: string) => string | undefined;

/** Counters since the machine started: a difference of two over the time between them is a share. */
export interface DiskClock {
  readonly atMs: number;
  /** That the device had something to do; undefined for what is no device of blocks (NFS, overlays, tmpfs). */
  readonly busyMs?: number;
  /** Ticks of all processors: those waiting for disks, and all. */
  readonly waitTicks?: number;
  readonly ticks?: number;
}

/** `number` is the device's `major:minor`. Reads /proc/diskstats (Documentation/admin-guide/iostats.rst) and /proc/stat (proc(5)). */
export function readDiskClock(number: string | undefined, read: Read = readKernelFile): DiskClock {
  const [major, minor] = (number ?? '').split(':');
  const rows = (read('/proc/diskstats') ?? '').split('\n').map((line) => line.trim().split(/\s+/));
  const row = rows.find((fields) => fields[0] === major && fields[1] === minor);
  // Name, then eleven counters at least, of which the tenth is the time with something to do.
  const busyMs = row === undefined ? NaN : Number(row[12] ?? NaN);
  const [, line] = /^cpu +([\d ]+)$/m.exec(read('/proc/stat') ?? '') ?? [];
  const ticks = line?.trim().split(/ +/).slice(0, 8).map(Number);
  return {
    atMs: performance.now(),
    ...(Number.isFinite(busyMs) ? { busyMs } : {}),
    ...(ticks?.length === 8 ? { waitTicks: ticks[4] ?? 0, ticks: ticks.reduce((sum, each) => sum + each, 0) } : {}),
  };
}

export interface DiskWait {
  readonly busyShare?: number;
  readonly waitShare?: number;
}

/** Shares between 0 and 1 of the time between two looks. */
export function diskWait(before: DiskClock, after: DiskClock): DiskWait {
  const busyShare = shareOf(before.busyMs, after.busyMs, before.atMs, after.atMs);
  const waitShare = shareOf(before.waitTicks, after.waitTicks, before.ticks, after.ticks);
  return { ...(busyShare === undefined ? {} : { busyShare }), ...(waitShare === undefined ? {} : { waitShare }) };
}

function shareOf(part?: number, partAfter?: number, whole?: number, wholeAfter?: number): number | undefined {
  if (part === undefined || partAfter === undefined || whole === undefined || wholeAfter === undefined)
    return undefined;
  const passed = wholeAfter - whole;
  return passed > 0 ? Math.min(1, Math.max(0, (partAfter - part) / passed)) : undefined;
}
