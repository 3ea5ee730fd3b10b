import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../../base/index.js';

/** A name beside a file that says who writes it, so that what is left after a crash can be told from what is being made. */
export function temporaryBeside(path: string): string {
  return `${path}.${machine()}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
}

/** Removes what processes of this machine that are gone left beside a file. What cannot be looked at or removed stays. */
export async function removeLeftBeside(path: string): Promise<void> {
  const names: readonly string[] = await readdir(dirname(path)).catch(() => []);
  const start = `${basename(path)}.`;
  for (const name of names) {
    if (!name.startsWith(start)) continue;
    const [, of, pid] = /^([0-9a-f]{12})-(\d{1,10})-[0-9a-f]{12}\.tmp$/.exec(name.slice(start.length)) ?? [];
    if (of !== machine() || pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(dirname(path), name), { force: true }).catch(() => undefined);
  }
}

let known: string | undefined;

/** Where process numbers mean what they mean here: containers of one name may count their own. */
function machine(): string {
  return (known ??= createHash('sha256').update(`${hostname()}\n${pidNamespace()}`).digest('hex').slice(0, 12));
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return errnoOf(thrown) !== 'ESRCH';
  }
}
