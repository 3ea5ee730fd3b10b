import { createHash } from 'node:crypto';
import type { Certificate } from '../certificate.js';
import { childrenOf, octetsOfBits, readDer } from '../der.js';

/** The bits of a public key without their algorithm, of which OCSP takes the hash (RFC 6960, 4.1.1). */
export function keyHash({ keyInfo }: Certificate, hash: string): Buffer {
  return createHash(hash)
    .update(octetsOfBits(childrenOf(readDer(keyInfo))[1]))
    .digest();
}

export function nameHash({ subject }: Certificate, hash: string): Buffer {
  return createHash(hash).update(subject).digest();
}
