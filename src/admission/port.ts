import type { AdmissionReason } from '../base/index.js';
import type { FileScan } from '../scan/index.js';
import type { LicenceFacts } from './licence/index.js';

/** What a scan left behind: enough to judge the file again, by another policy or with new rules, without its bytes. Members are left out. */
export type KeptScan = FileScan;

/** What a module of the user's said of a file. */
export interface HookResult {
  readonly hook: string;
  readonly moduleSha256: string;
  readonly verdict: 'pass' | 'fail' | 'review' | 'error';
  readonly reasons: readonly string[];
  /** False where time ended it: on another machine it might have come to its end. */
  readonly isRepeatable: boolean;
}

/** One file, and what is known of it. */
export interface FileEvidence {
  readonly path: string;
  readonly sizeBytes: number | undefined;
  readonly sha256: string | undefined;
  readonly scan: KeptScan;
  readonly hooks: readonly HookResult[];
}

/** Who signed a revision, as `proof/trust` established it. Identities are those that its policy names. */
export interface SignatureEvidence {
  readonly method: string;
  readonly identities: readonly string[];
  /** SHA-256 of all files that the signature covers. */
  readonly covers: ReadonlySet<string>;
}

/** What a revision says of itself. */
export interface DeclaredFacts {
  readonly licence: LicenceFacts;
  readonly baseModels: readonly string[];
}

/** What is known of a revision as a whole. */
export interface RevisionFacts extends DeclaredFacts {
  /** Without revision, e.g. `hf:acme/tiny`. */
  readonly ref: string;
  readonly commit: string;
  /** Of all files of the revision, also those that are not wanted; undefined where one does not tell. */
  readonly sizeBytes: number | undefined;
  /** When this store first saw the commit, Unix milliseconds. */
  readonly firstSeenMs: number;
  readonly signatures: readonly SignatureEvidence[];
  /** Why there are none that count, where more is known than that. */
  readonly unsignedBecause?: string | undefined;
  /** A signature is of other bytes, and none that is enough is right: why. Nothing excuses that. */
  readonly wrongBecause?: string | undefined;
}

/** What is known of who signed something. */
export type SignatureFacts = Pick<RevisionFacts, 'signatures' | 'unsignedBecause' | 'wrongBecause'>;

export type Reason = AdmissionReason;

export interface Decision {
  readonly verdict: 'admitted' | 'refused';
  /** The refusals first. */
  readonly reasons: readonly Reason[];
  readonly policy: string;
  readonly policyDigest: string;
}
