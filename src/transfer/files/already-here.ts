import { DIGEST_ALGORITHMS } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import type { TransferResult, TransferTask } from '../port.js';

/** The result for a file whose content the store already holds, proven; undefined when it does not. @throws SluiceError */
export async function alreadyHere(
  store: Store,
  task: TransferTask,
  signal?: AbortSignal,
): Promise<TransferResult | undefined> {
  const sha256 = task.digests.sha256 ?? (await store.lookup(task.digests, task.sizeBytes));
  if (sha256 === undefined) return undefined;
  let state = await store.blobState(sha256);
  if (state === 'unproven') state = (await store.proveBlob(sha256, signal)) === 'proven' ? 'proven' : 'absent';
  if (state !== 'proven') return undefined;
  const known = DIGEST_ALGORITHMS.find((algorithm) => task.digests[algorithm] !== undefined);
  return {
    task,
    sha256,
    ...(task.sizeBytes === undefined ? {} : { sizeBytes: task.sizeBytes }),
    checks: known === undefined ? [] : [known],
    fetchedBytes: 0,
    pieces: [],
  };
}
