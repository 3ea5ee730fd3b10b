import { SluiceError } from '../base/index.js';
import {
  collect,
  listBlobs,
  listUses,
  listViews,
  openStore,
  planCollection,
  type CollectionPlan,
  type Store,
} from '../store/index.js';
import { HOLDINGS, isAwaiting } from './holdings.js';
import { listKept } from './kept.js';
import type { PullContext } from './port.js';

export interface GarbageItem {
  readonly kind: 'blob' | 'partial' | 'temporary';
  readonly name: string;
  readonly bytes: number;
  /** When it was last of use, Unix milliseconds, where that is known. */
  readonly usedAtMs?: number;
}

export interface GarbageReport {
  readonly items: readonly GarbageItem[];
  /** What a collection frees, or has freed; blobs that other names on this disk still show free nothing. */
  readonly freedBytes: number;
  /** What stays because it is referenced. */
  readonly keptBytes: number;
  readonly applied: boolean;
}

/**
 * Shows what the store could do without, and with `apply` removes it: blobs that no holding and no view references and no mirror gives out,
 * partials that nobody continued for two weeks, leftovers of processes that died.
 * @throws SluiceError CORRUPT_STORE when a record of what is held cannot be read: what it references is unknown, so nothing is removed
 */
export async function collectGarbage(
  { settings }: PullContext,
  options: { readonly apply: boolean },
): Promise<GarbageReport> {
  const store = await openStore(settings.home);
  const live = await liveDigests(store);
  const kept = new Set(live.digests);
  for await (const { sha256 } of listUses(store)) kept.add(sha256);
  const nowMs = Date.now();
  const plan = await planCollection(store, {
    liveDigests: kept,
    nowMs,
    graceMs: live.awaitedSinceMs === undefined ? 0 : nowMs - live.awaitedSinceMs,
  });
  const freedBytes = options.apply ? (await collect(store, plan)).freedBytes : plan.freedBytes;
  let keptBytes = 0;
  for await (const blob of listBlobs(store)) if (kept.has(blob.sha256)) keptBytes += blob.sizeBytes;
  return { items: itemsOf(plan), freedBytes, keptBytes, applied: options.apply };
}

/** A pull that began within a day may still run. What came since may be its: small files are referenced only when it ends. */
const DAY_MS = 86_400_000;

interface Live {
  readonly digests: ReadonlySet<string>;
  /** When the oldest pull began that may still run. */
  readonly awaitedSinceMs: number | undefined;
}

/** Everything that a model in a view, or a pull under way, needs. */
export async function heldDigests(store: Store): Promise<ReadonlySet<string>> {
  return (await liveDigests(store)).digests;
}

async function liveDigests(store: Store): Promise<Live> {
  const holdings = await listKept(store, HOLDINGS);
  if (holdings.broken.length > 0) {
    throw new SluiceError('CORRUPT_STORE', {
      count: holdings.broken.length,
      total: holdings.broken.length + holdings.found.length,
    });
  }
  const held = holdings.found.flatMap(({ value }) => value.files.flatMap(({ sha256 }) => sha256 ?? []));
  const shown = (await listViews(store)).flatMap((view) => view.blobs);
  const begun = holdings.found
    .filter(({ value }) => isAwaiting(value) && Date.now() - value.pulledAtMs < DAY_MS)
    .map(({ value }) => value.pulledAtMs);
  const awaitedSinceMs = begun.length === 0 ? undefined : Math.min(...begun);
  return { digests: new Set([...held, ...shown]), awaitedSinceMs };
}

function itemsOf(plan: CollectionPlan): readonly GarbageItem[] {
  return [
    ...plan.blobs.map((blob): GarbageItem => ({
      kind: 'blob',
      name: blob.sha256,
      bytes: blob.otherLinks === 0 ? blob.sizeBytes : 0,
      usedAtMs: blob.modifiedAtMs,
    })),
    ...plan.partials.map((partial): GarbageItem => ({
      kind: 'partial',
      name: partial.key,
      bytes: partial.sizeBytes,
      usedAtMs: plan.madeAtMs - partial.idleMs,
    })),
    ...plan.leftovers.map((leftover): GarbageItem => ({
      kind: 'temporary',
      name: leftover.path,
      bytes: leftover.sizeBytes,
    })),
  ];
}
