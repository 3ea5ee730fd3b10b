import type { ReadableBytes } from '../bytes.js';

/** A file that is only in memory; reading beyond it fails as a file would. */
export function inMemory(bytes: Buffer): ReadableBytes {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) =>
      offset + length <= bytes.length
        ? Promise.resolve(Buffer.from(bytes.subarray(offset, offset + length)))
        : Promise.reject(new Error('beyond the end')),
  };
}
