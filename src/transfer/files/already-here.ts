import { DIGEST_ALGORITHMS } from '../../base/index.js';
import type { Hands, Store } from '../../store/index.js';
import type { TransferResult, TransferTask } from '../port.js';

/** Where to look, and who proves what is doubtful. */
export interface Holder {
  readonly store: Store;
  readonly hands: Hands;
}

/** The result for a file whose content the store already holds, proven; undefined when it does not. @throws SluiceError */
export async function alreadyHere(
  { store, hands }: Holder,
  task: TransferTask,
  signal?: AbortSignal,
): Promise<TransferResult | undefined> {
  const [looked] = await hands.look([{ digests: task.digests, sizeBytes: task.sizeBytes }]);
  const sha256 = looked?.sha256;
  if (looked === undefined || sha256 === undefined) return undefined;
  if (looked.state === 'unproven' && (await store.proveBlob(sha256, signal)) !== 'proven') return undefined;
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
