import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { errnoOf } from '../../../base/index.js';
import { untrusted } from '../../signature-fault.js';
import type { ModelFile } from './model-files.js';
import type { OmsHash, OmsResource } from './statement.js';

const NODE_HASHES: Readonly<Record<OmsHash, string | undefined>> = {
  sha256: 'sha256',
  blake2b: 'blake2b512',
  blake3: undefined,
};
const READ_BYTES = 2 ** 20;

export interface HashPlan {
  readonly method: 'files' | 'shards';
  readonly hash: OmsHash;
  readonly shardBytes: number;
}

/** Told after every block that was read. */
export type HashProgress = (file: ModelFile, bytes: number) => void;

/**
 * The resources that a file is in a manifest: itself, or its shards (none for an empty file). Holds 1 MiB.
 * @throws SignatureFault trust for BLAKE3, which this Node cannot compute; the signal's reason when it fires
 */
export async function hashModelFile(
  file: ModelFile,
  plan: HashPlan,
  signal: AbortSignal,
  progress: HashProgress = () => undefined,
): Promise<readonly OmsResource[]> {
  const algorithm = NODE_HASHES[plan.hash];
  if (algorithm === undefined) throw untrusted(`the hash ${plan.hash} cannot be computed here`);
  if (plan.method === 'files' && plan.hash === 'sha256' && file.sha256 !== undefined)
    return [{ name: file.name, digest: file.sha256 }];
  const handle = await open(file.path, 'r').catch((thrown: unknown) => {
    throw errnoOf(thrown) === 'ENOENT' ? untrusted(`${file.name} is not here to be compared`) : thrown;
  });
  const resources: OmsResource[] = [];
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const partBytes = plan.method === 'shards' ? plan.shardBytes : Number.POSITIVE_INFINITY;
    let hasher = createHash(algorithm);
    let start = 0;
    let at = 0;
    const close = (): void => {
      const name = plan.method === 'shards' ? `${file.name}:${start}:${at}` : file.name;
      resources.push({ name, digest: hasher.digest('hex') });
      hasher = createHash(algorithm);
      start = at;
    };
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, Math.min(READ_BYTES, start + partBytes - at));
      if (bytesRead === 0) break;
      hasher.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
      progress(file, bytesRead);
      if (at - start === partBytes) close();
    }
    if (at > start || plan.method === 'files') close();
  } finally {
    await handle.close();
  }
  return resources;
}
