import { errnoOf } from '../../base/index.js';
import { calls } from './calls.js';

interface Round {
  begun: boolean;
  readonly done: Promise<void>;
}

const rounds = new Map<string, Round>();

/**
 * Makes the names in a folder durable. Calls for one folder share a sync that begins after the last of them:
 * thousands of small files cost a few hundred syncs instead of thousands.
 */
export function syncFolder(folder: string): Promise<void> {
  const current = rounds.get(folder);
  if (current !== undefined && !current.begun) return current.done;
  const round: Round = { begun: false, done: (current?.done ?? Promise.resolve()).then(() => run(folder, round)) };
  rounds.set(folder, round);
  return round.done;
}

async function run(folder: string, round: Round): Promise<void> {
  round.begun = true;
  try {
    await sync(folder);
  } finally {
    if (rounds.get(folder) === round) rounds.delete(folder);
  }
}

async function sync(folder: string): Promise<void> {
  try {
    const handle = await calls.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    // Windows and some network file systems cannot sync a folder: there the rename is all one can have.
    if (!['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP', 'EACCES', 'EBADF'].includes(errnoOf(thrown) ?? '')) throw thrown;
  }
}
