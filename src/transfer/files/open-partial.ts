import { SluiceError } from '../../base/index.js';
import type { Partial } from '../../store/index.js';
import type { Environment } from '../environment.js';
import type { TransferResult, TransferTask } from '../port.js';
import { alreadyHere } from './already-here.js';

/** What there is of a file: all of it, come from elsewhere or long ago, or its partial under our lease. */
export type Found = { readonly here: TransferResult } | { readonly partial: Partial };

/** Looks for a file and takes its partial, waiting for whoever holds it. `sizeBytes` is undefined where nobody tells it. @throws SluiceError */
export async function findOrOpen(
  environment: Environment,
  task: TransferTask,
  sizeBytes: number | undefined,
): Promise<Found> {
  const { store, signal, emit } = environment;
  const url = task.sources[0]?.url;
  const identity = {
    digests: task.digests,
    sizeBytes,
    ...(url === undefined ? {} : { url }),
    ...(task.validators ? { validators: task.validators } : {}),
  };
  const onWait = (holder: string): void => emit({ type: 'file.waiting', file: task.path, holder });
  for (;;) {
    const here = await alreadyHere(environment, task, signal);
    if (here !== undefined) return { here };
    const partial = await store.openPartial(identity, { signal, onWait });
    // Otherwise somebody else brought it while we waited.
    if (partial !== undefined) return { partial };
  }
}

/** What a file ends with whose partial another process has gone on with. */
export function takenOver(path: string): SluiceError {
  return new SluiceError('FILE_SYSTEM', { path, reason: 'another process took this partial over' });
}
