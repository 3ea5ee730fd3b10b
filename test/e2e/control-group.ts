import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A control group below our own with a memory limit, gone when the test is. */
export interface ControlGroup {
  /** What stands before a command that is to run in it (see `StartOptions.wrap`). */
  readonly wrap: readonly string[];
  /** How often something in it was killed because it wanted more than there was. */
  readonly kills: () => number;
}

/**
 * Makes one where this process may: as root with the memory controller of version 1, or of version 2 where the group above hands it down.
 * Undefined elsewhere.
 */
export function memoryGroup(limitBytes: number): ControlGroup | undefined {
  return inVersion1(limitBytes) ?? inVersion2(limitBytes);
}

function inVersion1(limitBytes: number): ControlGroup | undefined {
  const group = ownGroup(/^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m);
  if (group === undefined) return undefined;
  const folder = join('/sys/fs/cgroup/memory', group, `sluice-test-${process.pid}`);
  return make(folder, [['memory.limit_in_bytes', String(limitBytes)]], 'memory.oom_control');
}

function inVersion2(limitBytes: number): ControlGroup | undefined {
  const group = ownGroup(/^0::(.*)$/m);
  if (group === undefined) return undefined;
  const folder = join('/sys/fs/cgroup', group, `sluice-test-${process.pid}`);
  return make(folder, [['memory.max', String(limitBytes)]], 'memory.events');
}

function ownGroup(line: RegExp): string | undefined {
  try {
    return line.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}

function make(
  folder: string,
  settings: readonly (readonly [string, string])[],
  told: string,
): ControlGroup | undefined {
  try {
    mkdirSync(folder);
  } catch {
    return undefined;
  }
  onTestFinished(() => rmdirSync(folder));
  try {
    for (const [name, value] of settings) writeFileSync(join(folder, name), value, { flag: 'r+' });
  } catch {
    return undefined;
  }
  return {
    wrap: ['sh', '-c', `echo $$ > '${join(folder, 'cgroup.procs')}' && exec "$@"`, 'sh'],
    kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, told), 'latin1'))?.[1] ?? 0),
  };
}
