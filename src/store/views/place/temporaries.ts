import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isGone, ownIdentity } from '../../lease/process-identity.js';

const NAME = /^\.sluice-([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{8}\.tmp$/;
/** Leftovers of machines (or boots, or containers) that we cannot ask about their processes. */
const FOREIGN_AGE_MS = 24 * 3_600_000;

/** The numbering of processes that our own number belongs to. */
function numbering(): string {
  const { host, bootId = '', pidSpace = '' } = ownIdentity();
  return createHash('sha256').update([host, bootId, pidSpace].join('\n')).digest('hex').slice(0, 8);
}

/**
 * Temporary names beside their targets: `.sluice-<numbering of processes>-<pid>-<8 hex>.tmp`. Before the first one in a folder is given out,
 * what processes that died left there is removed. Whoever loses a name to a sweep that erred finds ENOENT and makes it again.
 */
export function temporariesBeside(): (target: string) => Promise<string> {
  const own = numbering();
  const swept = new Map<string, Promise<void>>();
  return async (target) => {
    const folder = dirname(target);
    const sweeping = swept.get(folder) ?? sweep(folder, own);
    swept.set(folder, sweeping);
    await sweeping;
    return join(folder, `.sluice-${own}-${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  };
}

async function sweep(folder: string, own: string): Promise<void> {
  // A folder that cannot be listed may still be written to.
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, numbers, pid] = NAME.exec(name) ?? [];
    if (numbers === undefined) continue;
    const path = join(folder, name);
    const isLeft = numbers === own ? isGone(Number(pid)) : await isOld(path);
    if (isLeft) await rm(path, { force: true }).catch(() => undefined);
  }
}

async function isOld(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
  return Date.now() - mtimeMs > FOREIGN_AGE_MS;
}
