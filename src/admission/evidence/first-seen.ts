import type { Store } from '../../store/index.js';
import type { NamedPolicy } from '../policy/read-policy.js';
import type { DeclaredFacts } from '../port.js';
import { readAdmission, saveAdmission } from './kept-admissions.js';

/** When a commit came to this store's notice, which from now on is known. */
export async function noteSeen(
  store: Store,
  { ref, commit, facts }: { readonly ref: string; readonly commit: string; readonly facts: DeclaredFacts },
  { policy, digest }: NamedPolicy,
  nowMs: number,
): Promise<number> {
  const kept = await readAdmission(store, ref, commit);
  if (kept !== undefined) return kept.firstSeenMs;
  const decision = { verdict: 'admitted', reasons: [], policy: policy.name, policyDigest: digest } as const;
  await saveAdmission(store, { ref, commit, firstSeenMs: nowMs, decidedAtMs: nowMs, decision, facts, files: [] });
  return nowMs;
}
