import type { Environment } from '../environment.js';
import { isIdentified } from '../files/identified.js';
import type { Pending } from '../schedule/engine.js';
import { BatchJob, type BatchOptions } from './batch-job.js';
import type { BatchItem } from './batch-stock.js';

/** Many small files, waiting to be brought by the batch. */
export function pendingBatch(
  environment: Environment,
  items: readonly [BatchItem, ...BatchItem[]],
  options: BatchOptions,
): Pending {
  return {
    sizeBytes: items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    parts: items.map(({ sizeBytes }) => sizeBytes),
    isLarge: false,
    open: () => {
      const job = new BatchJob(environment, items, options);
      for (const item of items) {
        const { joining = [], digests } = item.task;
        if (!isIdentified(digests)) continue;
        for (const group of joining)
          group.then(
            (found) => job.joined(item, found),
            // Who cannot be asked has nothing.
            () => undefined,
          );
      }
      return job;
    },
    // Each file has had its own result.
    onResult: () => undefined,
  };
}
