import type { PlaceReport, PlanSummary, SluiceError } from '../base/index.js';
import { formatRef, type Manifest, type Ref } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import type { PieceRecord, TransferResult } from '../transfer/index.js';
import type { RecordedDecision } from './decisions.js';
import { hasFields, listKept, readKept, type Kind } from './kept.js';
import type { PullRequest } from './port.js';

/** One file of a finished pull: what it was proven against and where each piece came from. */
export interface RecordedFile {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly sha256?: string;
  readonly checks: readonly string[];
  readonly fetchedBytes: number;
  /** Taken from other files that were in the store; absent when there was nothing of the kind. */
  readonly copiedBytes?: number;
  readonly pieces: readonly PieceRecord[];
  readonly error?: string;
}

/** What `sluice explain` tells of a pull. */
export interface PullRecord {
  readonly id: string;
  readonly ref: string;
  readonly commit: string;
  readonly revision: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly requests: number;
  readonly plan: PlanSummary;
  /** What a loader opens, once it is there. */
  readonly path?: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly files: readonly RecordedFile[];
  /** What other places had of them, as far as it was known in time. */
  readonly elsewhere?: readonly PlaceReport[];
  /** Absent in records of earlier versions. */
  readonly decisions?: readonly RecordedDecision[];
  readonly error?: string;
}

const PULLS: Kind<PullRecord> = {
  collection: 'pulls',
  is: (value): value is PullRecord => hasFields(value, { id: 'string', ref: 'string', files: 'array', plan: 'object' }),
};

interface RecordInput {
  readonly id: string;
  readonly request: PullRequest;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly requests: number;
  readonly prepared: { readonly ref: Ref; readonly manifest: Manifest; readonly plan: PlanSummary };
  readonly results: readonly TransferResult[];
  readonly elsewhere: readonly PlaceReport[];
  readonly decisions: readonly RecordedDecision[];
  readonly path?: string;
  readonly error?: SluiceError;
}

export async function saveRecord(store: Store, input: RecordInput): Promise<void> {
  const { ref, manifest, plan } = input.prepared;
  const record: PullRecord = {
    id: input.id,
    ref: formatRef(ref),
    commit: manifest.pinned.commit,
    revision: manifest.pinned.revision,
    startedMs: input.startedMs,
    endedMs: input.endedMs,
    requests: input.requests,
    plan,
    ...(input.path === undefined ? {} : { path: input.path }),
    include: input.request.include,
    exclude: input.request.exclude,
    files: input.results.map(recordFile),
    ...(input.elsewhere.length === 0 ? {} : { elsewhere: input.elsewhere }),
    decisions: input.decisions,
    ...(input.error === undefined ? {} : { error: input.error.message }),
  };
  await store.documents.write(PULLS.collection, input.id, record);
}

/** Records of pulls, newest first: their ids begin with the time. */
export async function listRecords(store: Store): Promise<readonly PullRecord[]> {
  const { found } = await listKept(store, PULLS);
  return found.map(({ value }) => value).sort((a, b) => (a.id < b.id ? 1 : -1));
}

export async function readRecord(store: Store, id: string): Promise<PullRecord | undefined> {
  return readKept(store, PULLS, id);
}

function recordFile(result: TransferResult): RecordedFile {
  return {
    path: result.task.path,
    sizeBytes: result.sizeBytes ?? result.task.sizeBytes ?? null,
    ...(result.sha256 === undefined ? {} : { sha256: result.sha256 }),
    checks: result.checks,
    fetchedBytes: result.fetchedBytes,
    ...(result.copiedBytes === undefined ? {} : { copiedBytes: result.copiedBytes }),
    pieces: result.pieces,
    ...(result.error === undefined ? {} : { error: result.error.message }),
  };
}
