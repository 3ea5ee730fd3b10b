import { execFile } from 'node:child_process';
import { PROBES } from '../limits.js';

/** What a program of this machine prints before it ends, well or not; undefined where it is not there, says nothing, or takes too long. */
export async function runTool(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = {
    signal,
    timeout: PROBES.toolMs,
    killSignal: 'SIGKILL',
    maxBuffer: PROBES.toolBytes,
    env: { ...process.env, LC_ALL: 'C' },
  } as const;
  const printed = await new Promise<string | undefined>((resolve) => {
    execFile(command, args, options, (error, stdout) => {
      const isCut = error !== null && typeof error.code !== 'number';
      resolve(isCut || stdout === '' ? undefined : stdout);
    });
  });
  signal.throwIfAborted();
  return printed;
}
