/** One disk, with what its queue should be. */
export interface BlockQueue {
  readonly device: string;
  /** By the names below /sys/block/<device>/queue, as udev's ATTR has them. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Disks with a queue of their own; what lies on top of them (dm, md, loop) goes through theirs. */
const DISK = /^(?:sd[a-z]+|vd[a-z]+|xvd[a-z]+|hd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;
/** Weights are read from start to end: 4 MiB ahead keep a disk busy between two requests; the default is 128 KiB. */
const READ_AHEAD_KIB = 4096;
/** A disk that turns gains by sorting more requests; the scheduler's default is twice the queue of the device, 64 for most. */
const SORTED_REQUESTS = 256;

/** Turning disks get a scheduler that sorts; others none, where the processor's time is all that sorting would cost. */
export async function blockQueues(
  list: (folder: string) => Promise<readonly string[]>,
  read: (path: string) => Promise<string | undefined>,
): Promise<readonly BlockQueue[]> {
  const queues: BlockQueue[] = [];
  for (const device of [...(await list('/sys/block'))].filter((name) => DISK.test(name)).sort()) {
    const value = async (name: string): Promise<string | undefined> =>
      (await read(`/sys/block/${device}/queue/${name}`))?.trim();
    const turns = (await value('rotational')) === '1';
    const schedulers = ((await value('scheduler')) ?? '').replaceAll(/[[\]]/g, '').split(/\s+/);
    const scheduler = turns ? 'mq-deadline' : 'none';
    const settings: Record<string, string> = {};
    if (schedulers.includes(scheduler)) settings.scheduler = scheduler;
    // At least what is there, so that asking again finds nothing to change.
    const atLeast = (present: string | undefined, wanted: number): string => String(Math.max(Number(present), wanted));
    if (turns && settings.scheduler !== undefined)
      settings.nr_requests = atLeast((await value('nr_requests')) ?? '0', SORTED_REQUESTS);
    const ahead = await value('read_ahead_kb');
    if (ahead !== undefined) settings.read_ahead_kb = atLeast(ahead, READ_AHEAD_KIB);
    if (Object.keys(settings).length > 0) queues.push({ device, settings });
  }
  return queues;
}

/** udev(7). */
export function udevRule({ device, settings }: BlockQueue): string {
  const sets = Object.entries(settings).map(([name, value]) => `ATTR{queue/${name}}="${value}"`);
  return [`ACTION=="add|change"`, `SUBSYSTEM=="block"`, `KERNEL=="${device}"`, ...sets].join(', ');
}
