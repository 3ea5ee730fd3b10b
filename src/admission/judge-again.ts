import type { Store } from '../store/index.js';
import { decideFile, decideRevision, joinDecisions } from './decide.js';
import { evidenceOf, listAdmissions, saveAdmission, type KeptAdmission } from './evidence/kept-admissions.js';
import type { NamedPolicy } from './policy/read-policy.js';
import type { SignatureFacts } from './port.js';
import { heard } from './hooks/run-hooks.js';
import { Quarantine } from './quarantine/quarantine.js';

/**
 * Judges revisions anew by what was found when they were scanned: rules that came since are held against what files name, without a byte of them. It only gets worse by that; what was
 * refused once is read again before it passes. `signedBy` proves the signatures that are kept. `ref`: only that one, with or without its revision.
 */
export async function judgeAgain(
  store: Store,
  policy: NamedPolicy,
  ref: string | undefined,
  signedBy: (kept: KeptAdmission) => Promise<SignatureFacts> = unknown,
  nowMs = Date.now(),
): Promise<readonly KeptAdmission[]> {
  const { rejudge } = await import('../scan/index.js');
  const all = await listAdmissions(store);
  const asked = all.filter((each) => ref === undefined || each.ref === ref || `${each.ref}@${each.commit}` === ref);
  const quarantine = new Quarantine(store);
  const judged: KeptAdmission[] = [];
  for (const kept of asked) {
    const { hooks } = policy.policy;
    const files = kept.files.map((file) => ({ ...file, scan: rejudge(file.scan), hooks: heard(hooks, file.hooks) }));
    const deciding = { policy, allow: [], nowMs };
    const sizeBytes = files.reduce((sum, file) => sum + (file.sizeBytes ?? 0), 0);
    const { ref: name, commit, facts, firstSeenMs } = kept;
    const whole = decideRevision(
      { ref: name, commit, ...facts, sizeBytes, firstSeenMs, ...(await signedBy(kept)) },
      files.map(({ sha256 }) => sha256),
      deciding,
    );
    const decided = files.map((file) => {
      const { path, sha256 } = file;
      return { path, sha256, decision: decideFile(evidenceOf(file), name, deciding) };
    });
    const decision = joinDecisions([...decided.map((each) => each.decision), whole], deciding);
    // What passes by what is kept alone leaves no quarantine by that.
    const refused = decided.filter((each) => each.decision.verdict === 'refused');
    await quarantine.settle(refused, { ref: name, commit });
    // Rules that only looked at what is kept may let pass what the bytes would not: those are read again when they are asked for.
    const again: KeptAdmission = { ...kept, decidedAtMs: nowMs, decision };
    await saveAdmission(store, again);
    judged.push({ ...again, files });
  }
  return judged;
}

function unknown(): Promise<SignatureFacts> {
  return Promise.resolve({ signatures: [] });
}
