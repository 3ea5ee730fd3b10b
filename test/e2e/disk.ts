import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const MIB = 2 ** 20;

/** A small disk of its own, seen only by commands that start with `wrap`. */
export interface Disk {
  /** Where it is mounted, for the program. */
  readonly folder: string;
  /** The same place as the test sees it. Absolute symlinks do not lead there. */
  readonly outside: string;
  readonly wrap: readonly string[];
  /** Somebody else takes all the room there is. Returns how many bytes that were. */
  fill(): Promise<number>;
  /** And gives it back. */
  clear(): Promise<void>;
}

const endings: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()));
});

/**
 * A tmpfs in a mount namespace, which vanishes with the process that holds it. Without root it takes a user namespace, too.
 * Returns the reason in words where the system allows neither.
 */
export async function smallDisk(sizeMib: number): Promise<Disk | string> {
  if (process.platform !== 'linux') return 'mount namespaces are a thing of Linux';
  const root = await mkdtemp(join(tmpdir(), 'sluice-disk-'));
  const folder = join(root, 'disk');
  await mkdir(folder);
  const isRoot = process.getuid?.() === 0;
  const script = 'mount -t tmpfs -o size="$1"m,mode=0777 none "$2" && echo ready && exec cat';
  const holder = spawn('unshare', [isRoot ? '-m' : '-Urm', 'sh', '-c', script, 'sh', String(sizeMib), folder]);
  let said = '';
  const gone = new Promise<void>((resolve) => holder.on('close', () => resolve()).on('error', () => resolve()));
  endings.push(async () => {
    holder.stdin.end();
    await gone;
    await rm(root, { recursive: true, force: true });
  });
  const isReady = new Promise<void>((resolve) => holder.stdout.on('data', () => resolve()));
  holder.stderr.on('data', (text: Buffer) => (said += text.toString()));
  await Promise.race([gone, isReady]);
  if (holder.pid === undefined || holder.exitCode !== null) return `no tmpfs can be mounted here: ${said.trim()}`;
  const enter = ['nsenter', '-t', String(holder.pid), '-m', ...(isRoot ? [] : ['-U', '--preserve-credentials'])];
  const outside = `/proc/${holder.pid}/root${folder}`;
  const filler = join(outside, 'filler');
  return {
    folder,
    outside,
    // Entering a mount namespace loses the working directory.
    wrap: [...enter, 'sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', root],
    fill: () => writeUntilFull(filler),
    clear: () => rm(filler, { force: true }),
  };
}

async function writeUntilFull(path: string): Promise<number> {
  const file = await open(path, 'w');
  const block = Buffer.alloc(MIB, 1);
  try {
    for (let bytes = block.length; bytes >= 4096; bytes /= 2) {
      for (;;) if (!(await fits(file.write(block, 0, bytes)))) break;
    }
    return (await stat(path)).size;
  } finally {
    await file.close();
  }
}

async function fits(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw thrown;
  }
}
