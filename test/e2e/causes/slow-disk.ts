import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach } from 'vitest';

const run = promisify(execFile);
const THROTTLE = '/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device';
const endings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A file system on a block device that the kernel lets write so much a second; seen only by commands that start with `wrap`. */
export interface SlowDisk {
  readonly folder: string;
  readonly wrap: readonly string[];
}

/** Why there can be none here; undefined where there can. */
export function whyNoSlowDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'loop devices need root on Linux';
  if (!existsSync('/dev/loop-control')) return 'there are no loop devices';
  return existsSync(THROTTLE)
    ? undefined
    : 'block devices cannot be throttled here (blkio of control groups, version 1)';
}

/** Writes of the device are held back in the group of everybody: what the page cache writes later is nobody's own. */
export async function slowDisk(sizeMib: number, bytesPerSecond: number): Promise<SlowDisk> {
  const root = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sluice-slow-'));
  endings.push(() => rm(root, { recursive: true, force: true }));
  const image = join(root, 'image');
  const folder = join(root, 'disk');
  await mkdir(folder);
  const file = await open(image, 'w');
  await file.truncate(sizeMib * 2 ** 20);
  await file.close();
  await run('mkfs.ext4', ['-q', '-F', '-O', '^has_journal', '-E', 'lazy_itable_init=0', image]);
  const device = (await run('losetup', ['-f', '--show', image])).stdout.trim();
  endings.push(() => run('losetup', ['-d', device]));
  const number = readFileSync(`/sys/block/${device.replace('/dev/', '')}/dev`, 'latin1').trim();
  await writeFile(THROTTLE, `${number} ${bytesPerSecond}`);
  endings.push(() => writeFile(THROTTLE, `${number} 0`));
  const holder = spawn(
    'unshare',
    ['-m', 'sh', '-c', 'mount "$1" "$2" && echo ready && exec cat', 'sh', device, folder],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const gone = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  endings.push(() => {
    holder.stdin.end();
    return gone;
  });
  await Promise.race([
    new Promise((resolve) => holder.stdout.once('data', resolve)),
    gone.then(() => Promise.reject(new Error('the disk could not be mounted'))),
  ]);
  // Entering a mount namespace loses the working directory.
  const enter = ['nsenter', '-t', String(holder.pid), '-m', 'sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', root];
  return { folder, wrap: enter };
}
