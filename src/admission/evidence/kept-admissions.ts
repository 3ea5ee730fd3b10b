import { createHash } from 'node:crypto';
import type { Store } from '../../store/index.js';
import type { Decision, FileEvidence, HookResult, KeptScan, DeclaredFacts } from '../port.js';
import { isKeptScan, isObject, isTexts } from './kept-scans.js';

const COLLECTION = 'admissions';
/** Characters of a ref in the name of a document. */
const MOST_REF = 1000;

/** One file of a revision as it was judged. */
export interface KeptFile {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly sha256: string;
  readonly scan: KeptScan;
  readonly hooks: readonly HookResult[];
}

/** What was decided of a revision, and by what evidence: one document each. */
export interface KeptAdmission {
  /** Without revision. */
  readonly ref: string;
  readonly commit: string;
  readonly firstSeenMs: number;
  readonly decidedAtMs: number;
  readonly decision: Decision;
  readonly facts: DeclaredFacts;
  readonly files: readonly KeptFile[];
}

/** Undefined where nothing was decided yet, or where what stands there is not what was written: then it is judged anew. */
export async function readAdmission(store: Store, ref: string, commit: string): Promise<KeptAdmission | undefined> {
  const read = await store.documents.read(COLLECTION, nameOf(ref, commit));
  if (read.status !== 'ok' || !isKeptAdmission(read.value)) return undefined;
  const isIts = read.value.ref === ref && read.value.commit === commit;
  return isIts ? read.value : undefined;
}

export async function saveAdmission(store: Store, admission: KeptAdmission): Promise<void> {
  await store.documents.write(COLLECTION, nameOf(admission.ref, admission.commit), admission);
}

/** All that was decided here; broken documents are passed over, and what they were of is judged when it is asked for again. */
export async function listAdmissions(store: Store): Promise<readonly KeptAdmission[]> {
  const found = await store.documents.list(COLLECTION);
  return found.flatMap((read) => (read.status === 'ok' && isKeptAdmission(read.value) ? [read.value] : []));
}

/** What a document has of a file, as evidence. */
export function evidenceOf({ path, sizeBytes, sha256, scan, hooks }: KeptFile): FileEvidence {
  return { path, sizeBytes: sizeBytes ?? undefined, sha256, scan, hooks };
}

const VERDICTS: readonly unknown[] = ['admitted', 'refused'];
const HEARD: readonly unknown[] = ['pass', 'fail', 'review', 'error'];

function isKeptAdmission(value: unknown): value is KeptAdmission {
  const { ref, commit, firstSeenMs, decidedAtMs, decision, facts, files } = (value ?? {}) as Partial<KeptAdmission>;
  return (
    typeof ref === 'string' &&
    typeof commit === 'string' &&
    typeof firstSeenMs === 'number' &&
    typeof decidedAtMs === 'number' &&
    isDecision(decision) &&
    isFacts(facts) &&
    Array.isArray(files) &&
    files.every(isKeptFile)
  );
}

function isDecision(value: unknown): value is Decision {
  const { verdict, reasons, policy, policyDigest } = (value ?? {}) as Partial<Decision>;
  const isNamed = typeof policy === 'string' && typeof policyDigest === 'string';
  return VERDICTS.includes(verdict) && Array.isArray(reasons) && isNamed;
}

function isFacts(value: unknown): value is DeclaredFacts {
  const { licence, baseModels } = (value ?? {}) as Partial<DeclaredFacts>;
  const { declared, recognised } = (licence ?? {}) as Partial<DeclaredFacts['licence']>;
  const isText = (text: unknown): boolean => text === undefined || typeof text === 'string';
  return isObject(licence) && isText(declared) && isText(recognised) && isTexts(baseModels);
}

function isKeptFile(value: unknown): value is KeptFile {
  const { path, sizeBytes, sha256, scan, hooks } = (value ?? {}) as Partial<KeptFile>;
  const isSized = sizeBytes === null || typeof sizeBytes === 'number';
  const isNamed = typeof path === 'string' && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
  return isNamed && isSized && isKeptScan(scan) && Array.isArray(hooks) && hooks.every(isHeard);
}

function isHeard(value: unknown): value is HookResult {
  const { hook, moduleSha256, verdict, reasons, isRepeatable } = (value ?? {}) as Partial<HookResult>;
  const isNamed = typeof hook === 'string' && typeof moduleSha256 === 'string';
  return isNamed && HEARD.includes(verdict) && isTexts(reasons) && typeof isRepeatable === 'boolean';
}

/** URLs may be long; names of documents are 4096 bytes at most. */
function nameOf(ref: string, commit: string): string {
  const short = ref.length <= MOST_REF ? ref : `${ref.slice(0, MOST_REF)}~${digestOf(ref)}`;
  return `${short}@${commit}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
