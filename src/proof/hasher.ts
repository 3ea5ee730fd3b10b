import { createHash } from 'node:crypto';
import type { DigestAlgorithm } from '../base/index.js';
import { crc32, crc32c, crcHex, type Crc } from './crc.js';

/** One digest in the making. `hex` ends it. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  hex(): string;
}

/** A hasher for any digest that an origin may give. `sizeBytes` is needed by git's, which hashes it first. */
export function createHasher(algorithm: DigestAlgorithm, sizeBytes: number): Hasher {
  switch (algorithm) {
    case 'sha256':
    case 'sha512':
    case 'sha1':
    case 'md5':
      return nodeHasher(algorithm);
    case 'gitSha1':
      return gitBlobHasher(sizeBytes);
    case 'crc32':
      return crcHasher(crc32);
    case 'crc32c':
      return crcHasher(crc32c);
  }
}

/** The object id that git gives a blob: SHA-1 of `blob <size>\0` and the content. */
export function gitBlobHasher(sizeBytes: number): Hasher {
  const hasher = nodeHasher('sha1');
  hasher.update(Buffer.from(`blob ${sizeBytes}\0`));
  return hasher;
}

function nodeHasher(name: string): Hasher {
  const hash = createHash(name);
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    hex: () => hash.digest('hex'),
  };
}

function crcHasher(crc: Crc): Hasher {
  let state = 0;
  return {
    update: (bytes) => {
      state = crc(bytes, state);
    },
    hex: () => crcHex(state),
  };
}
