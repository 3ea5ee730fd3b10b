import { createHash } from 'node:crypto';
import { basename, posix } from 'node:path';
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

/** As it is kept. */
export interface QuarantineRecord {
  /** Name of its document. */
  readonly document: string;
  readonly entry: Quarantined;
}

/** What a loader would go by. */
export function quarantineName(path: string): string {
  return posix.basename(path).toLowerCase();
}

/** Of a content under one name. It ends in the SHA-256 of the content, which is refused also where nothing else of the record can be read. */
export function recordName(sha256: string, name: string): string {
  return `${createHash('sha256').update(name).digest('hex').slice(0, 16)}.${sha256}`;
}

/** What two records say of one content; of one name the later one. */
export function joinQuarantined(one: Quarantined | undefined, other: Quarantined): Quarantined {
  if (one === undefined) return other;
  const byName = new Map<string, QuarantineReason>();
  const reasons = [...one.reasons, ...other.reasons].sort((a, b) => b.atMs - a.atMs);
  for (const reason of reasons) if (!byName.has(reason.name)) byName.set(reason.name, reason);
  return { ...one, digests: { ...one.digests, ...other.digests }, reasons: [...byName.values()] };
}

/** A document that says nothing sensible refuses what its file is named after: nothing passes because a record broke. */
export function readQuarantined(read: DocumentRead): QuarantineRecord | undefined {
  if (read.status === 'absent') return undefined;
  const document = read.status === 'ok' ? read.name : basename(read.path, '.json');
  const sha256 = /([0-9a-f]{64})$/.exec(document)?.[1];
  if (sha256 === undefined) return undefined;
  if (read.status === 'ok' && isQuarantined(read.value) && read.value.sha256 === sha256)
    return { document, entry: read.value };
  const unknown = { name: '', path: sha256, ref: '', commit: '', policy: 'unknown', policyDigest: '' };
  const why = { rule: 'QUARANTINE', value: 'its record cannot be read', threshold: 'a record', atMs: 0 };
  return { document, entry: { sha256, digests: {}, reasons: [{ ...unknown, ...why }] } };
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
