import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { SluiceError, type Digests } from '../../base/index.js';

const BUFFER_BYTES = 1024 * 1024;
/** Larger files are LFS files, which nobody looks for by git id. */
const GIT_ID_MAX_BYTES = 16 * 1024 * 1024;

/** Asked between steps: whether to end. An `AbortSignal` is one, and so is what another thread can set. */
export interface StopSign {
  readonly aborted: boolean;
}

export interface HashedFile {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly digests: Digests;
  /** As the file was when its last byte was read. */
  readonly stat: BigIntStats;
}

/** Reads the whole file. Computes the git id too while the file is small. @throws SluiceError INTERRUPTED, and system errors */
export async function hashFile(path: string, signal?: StopSign): Promise<HashedFile> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const sha256 = createHash('sha256');
    const git = size <= GIT_ID_MAX_BYTES ? createHash('sha1').update(`blob ${size}\0`) : undefined;
    const sizeBytes = await readAll(handle, git === undefined ? [sha256] : [sha256, git], signal);
    const hex = sha256.digest('hex');
    const gitSha1 = git !== undefined && sizeBytes === size ? git.digest('hex') : undefined;
    const digests = { sha256: hex, ...(gitSha1 === undefined ? {} : { gitSha1 }) };
    return { sha256: hex, sizeBytes, digests, stat: await handle.stat({ bigint: true }) };
  } finally {
    await handle.close();
  }
}

async function readAll(
  handle: Awaited<ReturnType<typeof open>>,
  hashes: readonly Hash[],
  signal: StopSign | undefined,
): Promise<number> {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let total = 0;
  for (;;) {
    if (signal?.aborted === true) throw new SluiceError('INTERRUPTED');
    const { bytesRead } = await handle.read(buffer, 0, BUFFER_BYTES, total);
    if (bytesRead === 0) return total;
    for (const hash of hashes) hash.update(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
}
