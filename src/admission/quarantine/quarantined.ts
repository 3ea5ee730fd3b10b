import { basename } from 'node:path/posix';
import type { Digests } from '../../base/index.js';
import type { DocumentRead } from '../../store/index.js';

/** Why a content was refused under one of its names. */
export interface QuarantineReason {
  /** Last part of the path, in lower case: what loaders go by. */
  readonly name: string;
  readonly path: string;
  /** Without revision. */
  readonly ref: string;
  readonly commit: string;
  readonly policy: string;
  readonly policyDigest: string;
  readonly rule: string;
  readonly value: string;
  readonly threshold: string;
  readonly atMs: number;
}

/** A proven content of this store that was refused, and is to be seen on no path until it is admitted. */
export interface Quarantined {
  readonly sha256: string;
  /** Those by which it may be asked for as well. */
  readonly digests: Digests;
  readonly reasons: readonly QuarantineReason[];
}

/** What a loader would go by. */
export function quarantineName(path: string): string {
  return basename(path).toLowerCase();
}

/** A document that says nothing sensible refuses what its file is named after: nothing passes because a record broke. */
export function readQuarantined(read: DocumentRead): Quarantined | undefined {
  if (read.status === 'absent') return undefined;
  if (read.status === 'ok' && isQuarantined(read.value) && read.value.sha256 === read.name) return read.value;
  const sha256 = /([0-9a-f]{64})(?:\.json)?$/.exec(read.status === 'ok' ? read.name : read.path)?.[1];
  if (sha256 === undefined) return undefined;
  const unknown = { name: '', path: sha256, ref: '', commit: '', policy: 'unknown', policyDigest: '' };
  const why = { rule: 'QUARANTINE', value: 'its record cannot be read', threshold: 'a record', atMs: 0 };
  return { sha256, digests: {}, reasons: [{ ...unknown, ...why }] };
}

const TEXTS = ['name', 'path', 'ref', 'commit', 'policy', 'policyDigest', 'rule', 'value', 'threshold'] as const;

function isQuarantined(value: unknown): value is Quarantined {
  const { sha256, digests, reasons } = (value ?? {}) as Partial<Quarantined>;
  return (
    typeof sha256 === 'string' &&
    typeof digests === 'object' &&
    (digests as unknown) !== null &&
    Array.isArray(reasons) &&
    reasons.length > 0 &&
    reasons.every(isReason)
  );
}

function isReason(value: unknown): value is QuarantineReason {
  if (typeof value !== 'object' || value === null) return false;
  const reason = value as Partial<QuarantineReason>;
  return TEXTS.every((field) => typeof reason[field] === 'string') && typeof reason.atMs === 'number';
}
