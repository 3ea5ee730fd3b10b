import type { Verdict } from '../../proof/index.js';
import type { JobCore } from './job-core.js';

/** Where bytes came from; undefined for those of an empty file, which nobody is asked for. */
export interface BytesOrigin {
  readonly source: string;
  readonly ms: number;
  readonly retries: number;
  readonly reason?: string;
}

/** Ends a file that was proven in memory by putting it into the store. @throws SluiceError */
export async function storeBytes(
  job: JobCore,
  bytes: Buffer,
  verdict: Verdict,
  origin: BytesOrigin | undefined,
): Promise<void> {
  const { environment, task } = job;
  const { sha256, sizeBytes, digests, checks } = verdict;
  const range = { index: 0, startByte: 0, endByte: sizeBytes };
  if (origin !== undefined) {
    const { source, ms } = origin;
    environment.emit({ type: 'piece.landed', file: task.path, ...range, source, ms });
  }
  if (job.isOver) return;
  await environment.store.putBytes(bytes, { sha256, sizeBytes, digests });
  if (!job.close()) return;
  const pieces = origin === undefined ? [] : [{ ...range, atMs: Date.now(), ...origin }];
  job.succeed({ sha256, sizeBytes, checks, pieces });
}
