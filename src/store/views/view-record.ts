import type { DocumentRead, Store } from '../port.js';
import { parseEntry } from './place/view-entries.js';
import type { ViewEntry, ViewKind, ViewRequest } from './port.js';

/** What was landed where: the document in the store's collection `views`. */
export interface ViewRecord {
  readonly kind: ViewKind;
  /** The view's root, symlinks resolved. */
  readonly root: string;
  readonly origin: ViewRequest['origin'];
  readonly repositoryKind: ViewRequest['kind'];
  readonly id: string;
  readonly revision: string;
  readonly commit: string;
  /** What a loader opens. */
  readonly path: string;
  readonly landedAtMs: number;
  /** SHA-256 of every file shown: what the view needs of the store. */
  readonly blobs: readonly string[];
  readonly sizeBytes: number;
  readonly entries: readonly ViewEntry[];
}

export const VIEWS = 'views';

type Identity = Pick<ViewRecord, 'kind' | 'root' | 'origin' | 'repositoryKind' | 'id' | 'revision' | 'commit'>;

/** Layouts that keep commits apart have a record for each; the others are overwritten by the next commit. */
export function recordName(view: Identity): string {
  const apart = view.kind === 'hf' || view.kind === 'repository';
  const version = apart ? view.commit : view.kind === 'modelscope' ? view.revision : '';
  return [view.kind, view.root, view.origin, view.repositoryKind, view.id, version].join('\n');
}

export async function readRecord(store: Store, name: string): Promise<ViewRecord | undefined> {
  return parseRecord(await store.documents.read(VIEWS, name));
}

export async function writeRecord(store: Store, record: ViewRecord): Promise<void> {
  await store.documents.write(VIEWS, recordName(record), record);
}

/** Every view that was landed from this store. Broken records are left out. */
export async function listViews(store: Store): Promise<readonly ViewRecord[]> {
  const reads = await store.documents.list(VIEWS);
  return reads.map(parseRecord).filter((record) => record !== undefined);
}

const KINDS: readonly string[] = ['hf', 'modelscope', 'modelscope-legacy', 'flat', 'repository'] satisfies ViewKind[];

function parseRecord(read: DocumentRead): ViewRecord | undefined {
  if (read.status !== 'ok' || typeof read.value !== 'object' || read.value === null) return undefined;
  const value = read.value as Readonly<Record<keyof ViewRecord, unknown>>;
  const texts = [value.root, value.origin, value.repositoryKind, value.id, value.revision, value.commit, value.path];
  if (!texts.every((text) => typeof text === 'string') || !KINDS.includes(String(value.kind))) return undefined;
  if (!Array.isArray(value.entries) || !Array.isArray(value.blobs)) return undefined;
  const entries = value.entries.map(parseEntry).filter((entry) => entry !== undefined);
  const blobs = value.blobs.filter((blob): blob is string => typeof blob === 'string');
  const number = (field: unknown): number => (typeof field === 'number' ? field : 0);
  return {
    ...(value as unknown as ViewRecord),
    landedAtMs: number(value.landedAtMs),
    sizeBytes: number(value.sizeBytes),
    blobs,
    entries,
  };
}
