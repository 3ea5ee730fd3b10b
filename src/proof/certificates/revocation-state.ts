import type { Certificate } from './certificate.js';
import { answeredState } from './ocsp/answered-state.js';
import type { OcspResponse } from './ocsp/response.js';
import { listedState, type JudgedTimes, type RevocationList } from './revocation.js';

/** Everything that was said about revocations, believed or not. */
export interface RevocationEvidence {
  readonly lists: readonly RevocationList[];
  readonly responses?: readonly OcspResponse[];
  /** Why a responder that was asked gave nothing, by the fingerprint of the certificate. */
  readonly unanswered?: ReadonlyMap<string, string>;
}

export type RevocationState = { readonly is: 'good' } | { readonly is: 'revoked' | 'unknown'; readonly reason: string };

/**
 * Whether a certificate was taken back, by lists and answers alike: whoever is believed and says so is enough. Nobody who says that it was not is `unknown`, which is not good.
 */
export function revocationOf(
  certificate: Certificate,
  issuer: Certificate,
  { lists, responses = [], unanswered }: RevocationEvidence,
  times: JudgedTimes,
): RevocationState {
  const listed = listedState(certificate, issuer, lists, times);
  const answered = answeredState(certificate, issuer, { lists, responses }, times);
  for (const said of [listed, answered.said])
    if (said !== undefined && said !== 'good')
      return { is: 'revoked', reason: `revoked ${new Date(said.atMs).toISOString()}` };
  if (listed === 'good' || answered.said === 'good') return { is: 'good' };
  const why = unanswered?.get(certificate.fingerprint) ?? answered.because;
  if (why === undefined) return { is: 'unknown', reason: 'nobody says whether it is revoked' };
  return { is: 'unknown', reason: `nobody says whether it is revoked (${why})` };
}
