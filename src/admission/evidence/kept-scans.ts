import { basename } from 'node:path/posix';
import type { Finding } from '../../scan/index.js';
import type { Store } from '../../store/index.js';
import type { KeptScan } from '../port.js';

const COLLECTION = 'scans';
/** Of one file, the worst; whoever finds so many knows that there may have been more. */
export const MOST_KEPT_FINDINGS = 200;
const MOST_IN_MEMORY = 20_000;

/**
 * Scans of contents, by SHA-256 and the name under which a loader would see them (of which only the last part counts): in memory, and those that were dear in the
 * store's documents.
 */
export class KeptScans {
  readonly #store: Store;
  /** Least recently used first. */
  readonly #memory = new Map<string, KeptScan>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** As it was made, maybe by older rules. `mayBeDear`: whether a document may have it. */
  async get(sha256: string, path: string, mayBeDear = true): Promise<KeptScan | undefined> {
    const key = keyOf(sha256, path);
    const known = this.#memory.get(key);
    if (known !== undefined) {
      this.#remember(key, known);
      return known;
    }
    if (!mayBeDear) return undefined;
    const read = await this.#store.documents.read(COLLECTION, key);
    if (read.status !== 'ok' || read.name !== key || !isKeptScan(read.value)) return undefined;
    this.#remember(key, read.value);
    return read.value;
  }

  async keep(sha256: string, path: string, scan: KeptScan, isDear: boolean): Promise<void> {
    const key = keyOf(sha256, path);
    this.#remember(key, scan);
    if (isDear) await this.#store.documents.write(COLLECTION, key, scan);
  }

  #remember(key: string, scan: KeptScan): void {
    this.#memory.delete(key);
    this.#memory.set(key, scan);
    for (const oldest of this.#memory.keys()) {
      if (this.#memory.size <= MOST_IN_MEMORY) break;
      this.#memory.delete(oldest);
    }
  }
}

const VERDICTS: readonly unknown[] = ['CLEAN', 'REVIEW', 'NOT_SCANNED', 'FINDINGS', 'ERROR'];
const SEVERITIES: readonly unknown[] = ['critical', 'high', 'medium', 'low', 'info'];

/** What stands in a document may be anything; what does not look like a scan is made again. */
export function isKeptScan(value: unknown): value is KeptScan {
  if (typeof value !== 'object' || value === null) return false;
  const { verdict, formats, findings, inventory, rulesDigest, coverage } = value as Partial<KeptScan>;
  return (
    VERDICTS.includes(verdict) &&
    typeof rulesDigest === 'string' &&
    isTexts(formats) &&
    isCoverage(coverage) &&
    Array.isArray(findings) &&
    findings.every(isFinding) &&
    isObject(inventory) &&
    [inventory.imports, inventory.calls, inventory.templates, inventory.hooks].every(isTexts)
  );
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isCoverage(value: unknown): value is KeptScan['coverage'] {
  const { sizeBytes, attributedBytes, unattributed } = (value ?? {}) as Partial<KeptScan['coverage']>;
  return typeof sizeBytes === 'number' && typeof attributedBytes === 'number' && Array.isArray(unattributed);
}

function isFinding(value: unknown): value is Finding {
  const { rule, severity, evidence, members } = (value ?? {}) as Partial<Finding>;
  return typeof rule === 'string' && SEVERITIES.includes(severity) && typeof evidence === 'string' && isTexts(members);
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function keyOf(sha256: string, path: string): string {
  return `${sha256} ${basename(path).toLowerCase()}`;
}
