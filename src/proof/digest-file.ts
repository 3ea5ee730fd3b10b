import { open } from 'node:fs/promises';
import type { DigestAlgorithm, Digests } from '../base/index.js';
import { createHasher } from './hasher.js';

const READ_BYTES = 2 ** 20;

/**
 * Digests of a file on disk, in one reading. Holds 1 MiB.
 * @throws the system's error when it cannot be read; the signal's reason when it fires
 */
export async function digestFile(
  path: string,
  algorithms: readonly DigestAlgorithm[],
  signal?: AbortSignal,
): Promise<Digests> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const hashers = algorithms.map((algorithm) => [algorithm, createHasher(algorithm, size)] as const);
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
      if (bytesRead === 0) break;
      for (const [, hasher] of hashers) hasher.update(buffer.subarray(0, bytesRead));
    }
    return Object.fromEntries(hashers.map(([algorithm, hasher]) => [algorithm, hasher.hex()]));
  } finally {
    await file.close();
  }
}
