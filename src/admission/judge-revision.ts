import type { Opened } from '../scan/index.js';
import type { Store } from '../store/index.js';
import { NO_FACTS } from './decide-whole.js';
import { asksLicence, decideFile, decideRevision, joinDecisions, type Deciding } from './decide.js';
import { readAdmission, saveAdmission, type KeptAdmission, type KeptFile } from './evidence/kept-admissions.js';
import { gatherFacts, type FactSources } from './evidence/revision-facts.js';
import type { Scanner } from './evidence/scanner.js';
import { runHooks } from './hooks/run-hooks.js';
import { Quarantine } from './quarantine/quarantine.js';
import type { Decision, DeclaredFacts, FileEvidence, SignatureFacts } from './port.js';

/** A file that is here, proven. */
export interface JudgedFile {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly sha256: string;
}

export interface Revision extends SignatureFacts {
  /** Without revision, e.g. `hf:acme/tiny`. */
  readonly ref: string;
  readonly commit: string;
  /** Of everything that it lists. */
  readonly sizeBytes: number | undefined;
  /** Those that are to be seen. */
  readonly files: readonly JudgedFile[];
  readonly facts: FactSources;
  open(file: JudgedFile): Promise<Opened>;
}

export interface JudgeContext extends Omit<Deciding, 'nowMs'> {
  readonly store: Store;
  readonly scanner: Scanner;
  readonly signal: AbortSignal;
  readonly nowMs?: number;
}

export interface Judged {
  readonly decision: Decision;
  readonly files: readonly FileEvidence[];
  readonly facts: DeclaredFacts;
}

/** Files are read side by side, since most of them are small and on disks that like it. */
const AT_ONCE = 4;

/** Judges all files of a revision that are to be seen, and the revision itself; scans what was not scanned yet, and keeps what was found. */
export async function judgeRevision(revision: Revision, context: JudgeContext): Promise<Judged> {
  const { store, policy, allow, nowMs = Date.now() } = context;
  const { ref, commit } = revision;
  const { RULES_DIGEST: rulesDigest } = await import('../scan/index.js');
  const kept = await readAdmission(store, ref, commit);
  const known = new Map((kept?.files ?? []).map((file) => [`${file.sha256} ${file.path}`, file]));
  const files = await inParallel(revision.files, AT_ONCE, (file) =>
    judgeFile(file, known.get(`${file.sha256} ${file.path}`), revision, { ...context, rulesDigest }),
  );
  const facts =
    kept !== undefined && hasFacts(kept)
      ? kept.facts
      : asksLicence(policy.policy.licence)
        ? await gatherFacts(revision.facts)
        : NO_FACTS;
  const firstSeenMs = kept?.firstSeenMs ?? nowMs;
  const deciding: Deciding = { policy, allow, nowMs };
  const { sizeBytes, signatures, unsignedBecause, wrongBecause } = revision;
  const whole = decideRevision(
    { ref, commit, ...facts, sizeBytes, firstSeenMs, signatures, unsignedBecause, wrongBecause },
    files.map(({ sha256 }) => sha256),
    deciding,
  );
  const decided = files.map((file) => {
    const { path, sha256 } = file;
    return { path, sha256, decision: decideFile(file, ref, deciding) };
  });
  const decision = joinDecisions([...decided.map((each) => each.decision), whole], deciding);
  // Before anybody is told: what shows contents of this store without a policy goes by it.
  await new Quarantine(store).settle(decided, { ref, commit });
  const isNew = files.some((file) => known.get(`${file.sha256 ?? ''} ${file.path}`)?.scan !== file.scan);
  if (isNew || kept?.decision.policyDigest !== policy.digest || kept.decision.verdict !== decision.verdict) {
    const all = new Map(kept?.files.map((file) => [file.path, file]));
    for (const file of files) all.set(file.path, keptOf(file));
    const admission: KeptAdmission = {
      ref,
      commit,
      firstSeenMs,
      decidedAtMs: nowMs,
      decision,
      facts,
      files: [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    };
    await saveAdmission(store, admission);
  }
  return { decision, files, facts };
}

async function judgeFile(
  file: JudgedFile,
  known: KeptFile | undefined,
  revision: Revision,
  context: JudgeContext & { readonly rulesDigest: string },
): Promise<FileEvidence> {
  const { scanner, policy, signal } = context;
  const { path, sha256 } = file;
  const isKnown = known?.scan.rulesDigest === context.rulesDigest;
  const scan = isKnown
    ? known.scan
    : await scanner.scan(sha256, path, () => revision.open(file), signal, file.sizeBytes ?? undefined);
  const sizeBytes = file.sizeBytes ?? scan.coverage.sizeBytes;
  const evidence = { path, sizeBytes, sha256, scan };
  // Modules are told what the scanner said.
  const heard = isKnown ? known.hooks : [];
  const hooks = await runHooks(policy.policy.hooks, evidence, heard, () => revision.open(file), signal);
  return { ...evidence, hooks };
}

function keptOf({ path, sizeBytes, sha256, scan, hooks }: FileEvidence): KeptFile {
  return { path, sizeBytes: sizeBytes ?? null, sha256: sha256 ?? '', scan, hooks };
}

/** A policy that did not ask left nothing. */
function hasFacts({ facts }: KeptAdmission): boolean {
  const { declared, recognised } = facts.licence;
  return declared !== undefined || recognised !== undefined || facts.baseModels.length > 0;
}

async function inParallel<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  let isOver = false;
  const worker = async (): Promise<void> => {
    try {
      for (const [index, item] of entries) {
        // What would be found now is for nobody.
        if (isOver) return;
        results[index] = await work(item);
      }
    } catch (thrown) {
      isOver = true;
      throw thrown;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
