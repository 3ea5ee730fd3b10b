import type { Store } from '../store/index.js';
import { asksLicence, decideRevision } from './decide.js';
import { noteSeen } from './evidence/first-seen.js';
import { gatherFacts, type FactSources } from './evidence/revision-facts.js';
import type { NamedPolicy } from './policy/read-policy.js';
import type { Decision, DeclaredFacts, SignatureFacts } from './port.js';

/** A revision of which files are asked for one by one. */
export interface WholeRevision extends SignatureFacts {
  /** Without revision. */
  readonly ref: string;
  readonly commit: string;
  readonly sizeBytes: number | undefined;
  readonly digests: readonly (string | undefined)[];
  readonly facts: FactSources;
}

export interface WholeContext {
  readonly store: Store;
  readonly policy: NamedPolicy;
  readonly nowMs: number;
}

/** Whether files of a revision may be seen, for what holds of it as a whole. Asks for no more than its policy needs to know. */
export async function decideWhole(revision: WholeRevision, { store, policy, nowMs }: WholeContext): Promise<Decision> {
  const { ref, commit, sizeBytes, signatures, unsignedBecause, wrongBecause } = revision;
  const facts = asksLicence(policy.policy.licence) ? await gatherFacts(revision.facts) : NO_FACTS;
  const firstSeenMs =
    policy.policy.age.leastMs === 0 ? nowMs : await noteSeen(store, { ref, commit, facts }, policy, nowMs);
  const known = { ref, commit, ...facts, sizeBytes, firstSeenMs, signatures, unsignedBecause, wrongBecause };
  return decideRevision(known, revision.digests, { policy, allow: [], nowMs });
}

export const NO_FACTS: DeclaredFacts = { licence: { declared: undefined, recognised: undefined }, baseModels: [] };
