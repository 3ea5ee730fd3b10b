import type { Acceptance, TrustRule } from '../trust/policy.js';

/** An acceptance of nothing, with what the test says. */
export function acceptance(parts: Partial<Acceptance> & Pick<Acceptance, 'method'>): Acceptance {
  return {
    ...{ keys: [], roots: [], intermediates: [], timestampRoots: [], logKeys: [], certificateLogKeys: [] },
    ...{ identities: [], issuer: undefined, profile: 'code-signing', lists: [], revocation: 'skip' },
    ...{ responses: [], ocsp: 'off', responder: undefined },
    ...parts,
  };
}

export function ruleOf(accept: readonly Acceptance[], more: Partial<TrustRule> = {}): TrustRule {
  return { name: 'test', scopes: ['*'], level: 'strict', minimum: 1, unverifiedFiles: 'refuse', accept, ...more };
}
