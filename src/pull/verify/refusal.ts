import { SluiceError } from '../../base/index.js';
import type { TrustReport } from './trust.js';

/** The error that a report amounts to; undefined when the policy is satisfied. */
export function refusalOf({ verdict, subject, rule, refused }: TrustReport): SluiceError | undefined {
  const reasonOf = (kind: 'proof' | 'trust'): string =>
    refused.find((one) => one.kind === kind)?.reason ?? 'not enough signers';
  switch (verdict) {
    case 'accepted':
    case 'skipped':
      return undefined;
    case 'broken':
      return new SluiceError('BAD_SIGNATURE', { subject, reason: reasonOf('proof') });
    case 'untrusted':
      return new SluiceError('UNTRUSTED_SIGNER', { subject, rule, reason: reasonOf('trust') });
    case 'unsigned':
      return new SluiceError('UNSIGNED', { subject, rule });
  }
}
