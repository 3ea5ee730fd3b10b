import { createHash } from 'node:crypto';
import type { DigestAlgorithm } from '../../base/index.js';
import type { PartialIdentity } from '../port.js';

/** Digests strong enough to say that two unfinished files are the same one. */
const IDENTIFYING = ['sha256', 'gitSha1', 'sha512', 'sha1'] as const satisfies readonly DigestAlgorithm[];

/**
 * The folder name of a partial: `<algorithm>-<hex>[-<size>]`, or `url-<hex>`, the SHA-256 of URL, size and validators.
 * Same content, same key, on every machine.
 */
export function partialKey(identity: PartialIdentity): string {
  for (const algorithm of IDENTIFYING) {
    const hex = identity.digests[algorithm];
    if (hex === undefined || !/^[0-9a-f]{40,128}$/.test(hex)) continue;
    const size = algorithm === 'sha256' || identity.sizeBytes === undefined ? '' : `-${identity.sizeBytes}`;
    return `${algorithm.toLowerCase()}-${hex}${size}`;
  }
  const { etag = '', lastModified = '' } = identity.validators ?? {};
  const { md5 = '', crc32c = '', crc32 = '' } = identity.digests;
  const facts = [identity.url ?? '', identity.sizeBytes ?? '', etag, lastModified, md5, crc32c, crc32];
  return `url-${createHash('sha256').update(JSON.stringify(facts)).digest('hex')}`;
}

/** Whether a folder name in `partials/` is one of ours. */
export function isPartialKey(name: string): boolean {
  return /^(?:sha256|gitsha1|sha512|sha1|url)-[0-9a-f]{40,128}(?:-\d+)?$/.test(name);
}
