import type { PartialIdentity } from '../../store/index.js';
import type { TransferTask } from '../port.js';

/** The identity under which a task's partial stands in the store. */
export function partialIdentity({ digests, sizeBytes, validators, sources }: TransferTask): PartialIdentity {
  const url = sources[0]?.url;
  return {
    digests,
    sizeBytes,
    ...(url === undefined ? {} : { url }),
    ...(validators === undefined ? {} : { validators }),
  };
}
