import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../certificates/certificate.js';
import type { Strictness } from '../certificates/path.js';
import type { OcspResponse } from '../certificates/ocsp/response.js';
import type { ProfileName } from '../certificates/profile.js';
import type { RevocationList } from '../certificates/revocation.js';

export const LEVELS = ['strict', 'permissive', 'audit', 'skip'] as const;
/**
 * What is enforced (as Notation has it): `strict` everything; `permissive` integrity and who signed, while expiry and revocation are told; `audit` integrity, the rest is
 * told; `skip` nothing.
 */
export type Level = (typeof LEVELS)[number];

export const METHODS = [
  'oms-key',
  'oms-certificate',
  'oms-keyless',
  'detached',
  'cosign-key',
  'cosign-certificate',
  'cosign-keyless',
  'notation',
] as const;
export type Method = (typeof METHODS)[number];

/** One way in which a signature may satisfy a rule. */
export interface Acceptance {
  readonly method: Method;
  readonly keys: readonly KeyObject[];
  readonly roots: readonly Certificate[];
  /** Authorities between roots and signers that the trusted root of a Sigstore instance names. */
  readonly intermediates: readonly Certificate[];
  readonly timestampRoots: readonly Certificate[];
  readonly logKeys: readonly KeyObject[];
  readonly certificateLogKeys: readonly KeyObject[];
  /** Who may sign: `email:…`, `uri:…`, `dns:…` or `subject:…`, exactly so. Never empty where certificates are accepted. */
  readonly identities: readonly string[];
  /** Who vouched for a keyless signer's identity (OpenID Connect), exactly so. */
  readonly issuer: string | undefined;
  readonly profile: ProfileName;
  readonly lists: readonly RevocationList[];
  readonly responses: readonly OcspResponse[];
  /** Whether responders are asked about certificates of which no list and no answer at hand says anything. */
  readonly ocsp: 'off' | 'ask';
  /** The URL that is asked instead of those that certificates name. */
  readonly responder: string | undefined;
  readonly revocation: Strictness;
}

export interface TrustRule {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly level: Level;
  /** How many different signers it takes. */
  readonly minimum: number;
  /** What is made of files that no signature covers. */
  readonly unverifiedFiles: 'refuse' | 'warn';
  readonly accept: readonly Acceptance[];
}

/** Who has to have signed what (docs/FORMATS.md). */
export interface TrustPolicy {
  readonly path: string;
  /** SHA-256 of the document, hexadecimal: names this version of it. */
  readonly digest: string;
  /** The keys, certificates and revocation lists that it names, as they were read: when one changes, the policy means something else. */
  readonly files: readonly TrustFile[];
  readonly rules: readonly TrustRule[];
}

export interface TrustFile {
  /** Absolute where that of the policy is. */
  readonly path: string;
  readonly sha256: string;
}

/**
 * The rule for a subject (`hf:org/name`, `oci:host/repository`, `file:/path`): that of its exact scope, else of the longest one that ends in `/*`, else that of `*`.
 */
export function ruleFor(policy: TrustPolicy, subject: string): TrustRule | undefined {
  const fits = (scope: string): boolean =>
    scope === subject || scope === '*' || (scope.endsWith('/*') && subject.startsWith(scope.slice(0, -1)));
  const found = policy.rules.flatMap((rule) =>
    rule.scopes
      .filter(fits)
      .map((scope) => ({ rule, rank: scope === subject ? Number.POSITIVE_INFINITY : scope.length })),
  );
  return found.sort((a, b) => b.rank - a.rank)[0]?.rule;
}
