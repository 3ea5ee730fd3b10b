import type { Digests } from '../../base/index.js';

/** Digests that no two files share by accident or design: with one of them it does not matter where bytes come from. */
export const IDENTIFYING = ['sha256', 'sha512', 'gitSha1', 'sha1'] as const;

export function isIdentified(digests: Digests): boolean {
  return IDENTIFYING.some((algorithm) => digests[algorithm] !== undefined);
}
