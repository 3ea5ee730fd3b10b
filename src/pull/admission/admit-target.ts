import {
  decideFile,
  decideRevision,
  gatherFacts,
  joinDecisions,
  judgeRevision,
  judgeAgain,
  runHooks,
  Scanner,
  type Decision,
  type DeclaredFacts,
} from '../../admission/index.js';
import { openFile } from '../../scan/index.js';
import { openStore } from '../../store/index.js';
import type { PullContext, PullRequest } from '../port.js';
import { withTarget, type Target } from './inspect-target.js';
import { askedOf, policyOf } from './pull-gate.js';
import { scanFiles } from './scan-target.js';
import { responderAnswers } from '../verify/responder-answers.js';
import { signaturesOf } from './signature-evidence.js';

/** What a policy makes of a target. */
export interface AdmissionReport {
  readonly target: string;
  readonly commit: string;
  readonly place: Target['place'];
  readonly files: number;
  readonly decision: Decision;
  readonly facts: DeclaredFacts | null;
}

/** Asks the gate about a file, a folder or a ref. What is said of files that are here is kept. */
export async function admit(request: PullRequest, context: PullContext): Promise<AdmissionReport> {
  const { policy, allow, signatures } = await askedOf(request, context.settings);
  return withTarget(request, context, async (target) => {
    const { name, ref, commit, place, store, files, facts } = target;
    const sizeBytes = files.reduce((sum, file) => sum + (file.sizeBytes ?? 0), 0);
    const told = { target: name, commit, place, files: files.length };
    if (place === 'store') {
      const here = files.flatMap(({ path, sizeBytes: bytes = null, sha256 }) =>
        sha256 === undefined ? [] : [{ path, sizeBytes: bytes, sha256 }],
      );
      const subject = {
        ...{ ref, root: store.root, listed: facts.paths },
        files: here.map((file) => ({ ...file, at: store.blobPath(file.sha256) })),
      };
      const signed = await signaturesOf(policy, subject, signatures, context.signal, responderAnswers(context));
      const revision = { ref, commit, sizeBytes, files: here, facts, ...signed };
      const judged = await judgeRevision(
        { ...revision, open: ({ sha256, sizeBytes: bytes }) => openFile(store.blobPath(sha256), bytes ?? 0) },
        { store, scanner: new Scanner(store), policy, allow, signal: context.signal },
      );
      return { ...told, decision: judged.decision, facts: judged.facts };
    }
    const deciding = { policy, allow, nowMs: Date.now() };
    const known = await gatherFacts(facts);
    const parts: Decision[] = [];
    for (const [index, { path, sizeBytes: bytes, sha256, scan }] of (await scanFiles(target, context)).entries()) {
      const evidence = { path, sizeBytes: bytes ?? undefined, sha256: sha256 ?? undefined, scan };
      const open = files[index]?.open ?? (() => Promise.reject(new Error(path)));
      const hooks = await runHooks(policy.policy.hooks, evidence, [], open, context.signal);
      parts.push(decideFile({ ...evidence, hooks }, ref, deciding));
    }
    const unsignedBecause = 'signatures are proven of what a pull brought';
    const whole = { ref, commit, ...known, sizeBytes, firstSeenMs: deciding.nowMs, signatures: [], unsignedBecause };
    const digests = files.map(({ sha256 }) => sha256);
    const decision = joinDecisions([...parts, decideRevision(whole, digests, deciding)], deciding);
    return { ...told, decision, facts: known };
  });
}

/** Judges everything that is held by the rules and the policy of today, by what was found when it was scanned; no byte of it is read. */
export async function admitAgain(ref: string | undefined, context: PullContext): Promise<readonly AdmissionReport[]> {
  const policy = await policyOf(context.settings);
  const store = await openStore(context.settings.home);
  const answers = responderAnswers(context);
  const judged = await judgeAgain(store, policy, ref, async ({ ref: name, files }) => {
    const here = files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256, at: store.blobPath(sha256) }));
    const revision = { ref: name, root: store.root, files: here, listed: undefined };
    return signaturesOf(policy, revision, [], context.signal, answers);
  });
  return judged.map(({ ref: target, commit, files, decision, facts }) => ({
    target: `${target}@${commit}`,
    commit,
    place: 'store',
    files: files.length,
    decision,
    facts,
  }));
}
