import { execFile } from 'node:child_process';

/** What a program printed until it ended, well or not, or its time was over; undefined where it is not there. */
export function printedBy(
  command: string,
  args: readonly string[],
  mostMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  // A signal of its own: many hops are asked at once, and Node warns of more than ten listeners.
  const own = AbortSignal.any([signal]);
  const options = { signal: own, timeout: mostMs, maxBuffer: MOST_BYTES, env: { ...process.env, LC_ALL: 'C' } };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout) =>
      resolve(error?.code === 'ENOENT' || error?.code === 'EACCES' ? undefined : stdout),
    );
  });
}

const MOST_BYTES = 2 ** 18;
