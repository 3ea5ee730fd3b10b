import type { Store } from '../store/index.js';
import { asksLicence } from './decide.js';
import { noteSeen } from './evidence/first-seen.js';
import { gatherFacts, type FactSources } from './evidence/revision-facts.js';
import type { NamedPolicy } from './policy/read-policy.js';
import type { DeclaredFacts, RevisionFacts, SignatureFacts } from './port.js';

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

/** What is known of a revision as a whole; asks for no more than its policy needs to know. None of it changes, so that it need not be asked for again while the policy is the same. */
export async function knowWhole(
  { ref, commit, facts: sources }: Pick<WholeRevision, 'ref' | 'commit' | 'facts'>,
  { store, policy, nowMs }: WholeContext,
): Promise<Known> {
  const facts = asksLicence(policy.policy.licence) ? await gatherFacts(sources) : NO_FACTS;
  const isAsked = policy.policy.age.leastMs > 0;
  const firstSeenMs = isAsked ? await noteSeen(store, { ref, commit, facts }, policy, nowMs) : nowMs;
  return { ...facts, firstSeenMs };
}

type Known = Pick<RevisionFacts, 'licence' | 'baseModels' | 'firstSeenMs'>;

export const NO_FACTS: DeclaredFacts = { licence: { declared: undefined, recognised: undefined }, baseModels: [] };
