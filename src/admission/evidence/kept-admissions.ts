import type { Store } from '../../store/index.js';
import type { Decision, FileEvidence, HookResult, KeptScan, DeclaredFacts } from '../port.js';
import { isKeptScan } from './kept-scans.js';

const COLLECTION = 'admissions';

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

export async function readAdmission(store: Store, ref: string, commit: string): Promise<KeptAdmission | undefined> {
  const read = await store.documents.read(COLLECTION, nameOf(ref, commit));
  return read.status === 'ok' && isKeptAdmission(read.value) ? read.value : undefined;
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

function isKeptAdmission(value: unknown): value is KeptAdmission {
  if (typeof value !== 'object' || value === null) return false;
  const { ref, commit, firstSeenMs, decision, facts, files } = value as Partial<KeptAdmission>;
  return (
    typeof ref === 'string' &&
    typeof commit === 'string' &&
    typeof firstSeenMs === 'number' &&
    typeof decision === 'object' &&
    typeof decision.policyDigest === 'string' &&
    typeof facts === 'object' &&
    Array.isArray(files) &&
    files.every(isKeptFile)
  );
}

function isKeptFile(value: unknown): value is KeptFile {
  const { path, sha256, scan, hooks } = (value ?? {}) as Partial<KeptFile>;
  return typeof path === 'string' && typeof sha256 === 'string' && isKeptScan(scan) && Array.isArray(hooks);
}

/** URLs may be long; names of documents are 4096 bytes at most. */
function nameOf(ref: string, commit: string): string {
  return `${ref.slice(0, 1000)}@${commit}`;
}
