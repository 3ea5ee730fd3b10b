import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Enough to tell, on the same machine, whether a process still lives, also when its number was given to another. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Linux only. A container shares the machine's boot id, but not its process numbers: hence `pidSpace`. */
  readonly bootId?: string;
  readonly pidSpace?: string;
  /** Linux only: field 22 of /proc/<pid>/stat, clock ticks since boot. */
  readonly processStart?: string;
}

let own: ProcessIdentity | undefined;

export function ownIdentity(): ProcessIdentity {
  own ??= describe();
  return own;
}

/** True only when it is certain: same machine, same numbering of processes, and no such process. */
export function isDead(holder: ProcessIdentity, me: ProcessIdentity = ownIdentity()): boolean {
  if (holder.host !== me.host || holder.bootId !== me.bootId || holder.pidSpace !== me.pidSpace) return false;
  if (me.bootId === undefined || me.pidSpace === undefined) return process.platform !== 'linux' && isGone(holder.pid);
  const start = processStart(holder.pid);
  return start === undefined ? isGone(holder.pid) : start !== holder.processStart;
}

function describe(): ProcessIdentity {
  const bootId = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  const pidSpace = attempt(() => readlinkSync('/proc/self/ns/pid'));
  const start = processStart(process.pid);
  return {
    pid: process.pid,
    host: hostname(),
    ...(bootId === undefined ? {} : { bootId }),
    ...(pidSpace === undefined ? {} : { pidSpace }),
    ...(start === undefined ? {} : { processStart: start }),
  };
}

function processStart(pid: number): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The second field, the program's name, may hold blanks and brackets: count from its end.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie answers to its number but does nothing any more.
  return fields?.[0] === 'Z' ? '' : fields?.[19];
}

/** Whether no process of this numbering has that number now. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH';
  }
}

function attempt<T>(read: () => T): T | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return read();
  } catch {
    return undefined;
  }
}
