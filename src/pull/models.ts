import { join } from 'node:path';
import { SluiceError } from '../base/index.js';
import { formatRef, parseRef } from '../hubs/index.js';
import { listViews, openStore, removeView, type ViewRecord } from '../store/index.js';
import { HOLDINGS, type Holding } from './holdings.js';
import { listKept } from './kept.js';
import { firstMeaning } from './meanings.js';
import type { PullContext } from './port.js';

/** One commit of a repository, shown in one place. */
export interface HeldModel {
  readonly ref: string;
  readonly revision: string;
  readonly commit: string;
  readonly view: string;
  /** What a loader opens; empty while it is still being pulled. */
  readonly path: string;
  readonly state: Holding['state'];
  readonly files: number;
  readonly bytes: number;
  /** Of these, bytes that no model before it in the list holds already: models share blobs. */
  readonly addedBytes: number;
  readonly pulledAtMs: number;
  readonly pullId: string;
}

/** Everything that this store was asked to hold, by ref, newest first within one. */
export async function listModels({ settings }: PullContext): Promise<readonly HeldModel[]> {
  const store = await openStore(settings.home);
  const { found } = await listKept(store, HOLDINGS);
  const holdings = found.map(({ value }) => value);
  holdings.sort((a, b) => (a.ref === b.ref ? b.pulledAtMs - a.pulledAtMs : a.ref < b.ref ? -1 : 1));
  const seen = new Set<string>();
  return holdings.map((holding) => describe(holding, seen));
}

/** Where a ref stands on this machine. @throws SluiceError NOT_HERE */
export async function whereIs(wanted: string, context: PullContext): Promise<readonly HeldModel[]> {
  const models = await listModels(context);
  const found = firstMeaning(wanted, (ref) => models.filter((model) => matchesRef(model, ref)));
  if (found.length === 0) throw new SluiceError('NOT_HERE', { ref: wanted });
  return found;
}

export interface RemovalReport {
  readonly ref: string;
  readonly models: readonly HeldModel[];
  /** Names that are (or would be) taken out of views. */
  readonly entries: readonly string[];
  /** Set free for the next collection; blobs shared with what stays do not count. */
  readonly freedBytes: number;
  readonly sharedBytes: number;
  readonly applied: boolean;
}

/**
 * Takes a ref out of its views and forgets it; its blobs go with the next collection unless something else holds them.
 * With `dryRun` only says what would go.
 * @throws SluiceError NOT_HERE
 */
export async function removeModel(
  wanted: string,
  { settings }: PullContext,
  options: { readonly dryRun: boolean },
): Promise<RemovalReport> {
  const store = await openStore(settings.home);
  const all = (await listKept(store, HOLDINGS)).found;
  const leaving = firstMeaning(wanted, (ref) => all.filter(({ value }) => matchesRef(value, ref)));
  const staying = all.filter((one) => !leaving.includes(one)).map(({ value }) => value);
  if (leaving.length === 0) throw new SluiceError('NOT_HERE', { ref: wanted });
  const entries: string[] = [];
  const views = (await listViews(store)).filter((view) => leaving.some(({ value }) => shows(view, value)));
  for (const view of views) {
    const names = options.dryRun ? view.entries.map((entry) => entry.path) : (await removeView(store, view)).removed;
    entries.push(...names.map((name) => join(view.root, name)));
  }
  if (!options.dryRun) {
    for (const { name } of leaving) await store.documents.remove(HOLDINGS.collection, name);
  }
  const shared = new Set(staying.flatMap(blobsOf).map(([sha256]) => sha256));
  const blobs = [...new Map(leaving.flatMap(({ value }) => blobsOf(value)))];
  return {
    ref: wanted,
    models: leaving.map(({ value }) => describe(value)),
    entries,
    freedBytes: sum(blobs.filter(([sha256]) => !shared.has(sha256))),
    sharedBytes: sum(blobs.filter(([sha256]) => shared.has(sha256))),
    applied: !options.dryRun,
  };
}

function shows(view: ViewRecord, holding: Holding): boolean {
  return view.kind === holding.view && view.path === holding.path && view.commit === holding.commit;
}

function blobsOf(holding: Holding): readonly (readonly [sha256: string, sizeBytes: number])[] {
  return holding.files.flatMap((file) =>
    file.sha256 === undefined ? [] : [[file.sha256, file.sizeBytes ?? 0] as const],
  );
}

function sum(blobs: readonly (readonly [string, number])[]): number {
  return blobs.reduce((total, [, sizeBytes]) => total + sizeBytes, 0);
}

/** A ref without revision means every revision of it; with one, that revision or commit (also shortened to ≥ 7 digits). */
export function matchesRef(held: { ref: string; revision: string; commit: string }, wanted: string): boolean {
  const ref = parseRef(wanted);
  const mine = parseRef(held.ref);
  if (ref.origin === 'https' || mine.origin === 'https') return formatRef(ref) === formatRef(mine);
  const { revision, ...bare } = ref;
  const { revision: _, ...mineBare } = mine;
  if (formatRef(bare) !== formatRef(mineBare)) return false;
  if (revision === undefined) return true;
  return revision === held.revision || (revision.length >= 7 && held.commit.startsWith(revision));
}

function describe(holding: Holding, seen = new Set<string>()): HeldModel {
  const { ref, revision, commit, view, path, state, pulledAtMs, pullId, files } = holding;
  const bytes = files.reduce((sum, file) => sum + (file.sizeBytes ?? 0), 0);
  const added = new Map(blobsOf(holding).filter(([sha256]) => !seen.has(sha256)));
  for (const sha256 of added.keys()) seen.add(sha256);
  const addedBytes = sum([...added]);
  return { ref, revision, commit, view, path, state, files: files.length, bytes, addedBytes, pulledAtMs, pullId };
}
