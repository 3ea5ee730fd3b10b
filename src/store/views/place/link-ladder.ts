import { constants, copyFile, open } from 'node:fs/promises';
import { errnoOf } from '../../../base/index.js';
import { calls } from '../../files/calls.js';
import type { LinkMethod } from '../port.js';

export type LadderMethod = Exclude<LinkMethod, 'kept'>;

export const LADDER: readonly LadderMethod[] = ['hardlink', 'reflink', 'symlink', 'copy'];

/** What file systems say when they cannot do it at all here: other disk, no such feature, too many links, not allowed. */
const CANNOT = ['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'ENOTTY', 'EBADF'];
/** These appear whole or not at all; the others need a temporary name. */
const ATOMIC: readonly LadderMethod[] = ['hardlink', 'symlink'];

const MAKE: Readonly<Record<LadderMethod, (blob: string, target: string) => Promise<void>>> = {
  hardlink: (blob, target) => calls.link(blob, target),
  reflink: (blob, target) => copy(blob, target, constants.COPYFILE_FICLONE_FORCE),
  symlink: (blob, target) => calls.symlink(blob, target),
  copy: (blob, target) => copy(blob, target, 0),
};

export interface LadderStep {
  readonly blob: string;
  readonly target: string;
  /** Whether something stands at `target`, to be replaced. Otherwise EEXIST is thrown when something came to stand there. */
  readonly replaces: boolean;
  /** A free name on the target's file system. */
  readonly temporary: string;
}

export type Ladder = (step: LadderStep) => Promise<LadderMethod>;

/** Tries the methods in order and forgets those that cannot work between this store and this view. The last is never forgotten. */
export function linkLadder(methods: readonly LadderMethod[]): Ladder {
  const impossible = new Set<LadderMethod>();
  const last = methods.at(-1) ?? 'copy';
  return async (step) => {
    for (const method of methods.slice(0, -1)) {
      if (impossible.has(method)) continue;
      try {
        await climb(method, step);
        return method;
      } catch (thrown) {
        if (!CANNOT.includes(errnoOf(thrown) ?? '')) throw thrown;
        impossible.add(method);
      }
    }
    await climb(last, step);
    return last;
  };
}

async function climb(method: LadderMethod, { blob, target, replaces, temporary }: LadderStep): Promise<void> {
  if (!replaces && ATOMIC.includes(method)) return MAKE[method](blob, target);
  try {
    await MAKE[method](blob, temporary);
    await calls.rename(temporary, target);
  } finally {
    await calls.remove(temporary);
  }
}

/** The copy is a file of its own: with the permissions that a new file gets, so that people may change it. */
async function copy(blob: string, target: string, mode: number): Promise<void> {
  const handle = await open(target, 'wx');
  try {
    const { mode: usual } = await handle.stat();
    await copyFile(blob, target, mode);
    await handle.chmod(usual & 0o777);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
