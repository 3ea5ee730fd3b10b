import { lstat, readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseAlias } from '../blobs/aliases.js';
import { blobStat } from '../blobs/blob-state.js';
import { listBlobs, type ListedBlob } from '../blobs/list-blobs.js';
import { readStamp } from '../blobs/stamps.js';
import { asSluiceErrors, unless } from '../files/errors.js';
import { filesBelow } from '../files/files-below.js';
import { isSha256, layoutOf, type Layout } from '../layout.js';
import { LEASE_TIMING } from '../lease/lease-timing.js';
import { observeLease } from '../lease/observe-lease.js';
import { isStale } from '../lease/take-lease.js';
import { PARTIAL_FILES } from '../partials/partial-files.js';
import { isPartialKey, partialKey } from '../partials/partial-key.js';
import type { Store } from '../port.js';

export interface CollectionOptions {
  /** SHA-256 of everything that is referenced. */
  readonly liveDigests: Iterable<string>;
  readonly nowMs: number;
  /** Partials untouched for longer are stale. Default: 14 days. */
  readonly partialMaxIdleMs?: number;
  /** Blobs proven since are kept: a pull that runs just now references its blobs when it ends. Default: one hour. */
  readonly graceMs?: number;
}

/** What a collection would remove. Nothing has happened yet. */
export interface CollectionPlan {
  readonly madeAtMs: number;
  /** Referenced by nothing. Space with `otherLinks` is not freed while those links stand. */
  readonly blobs: readonly ListedBlob[];
  /** Referenced by nothing, but too young to be sure. */
  readonly youngBlobs: readonly ListedBlob[];
  readonly partials: readonly { readonly key: string; readonly sizeBytes: number; readonly idleMs: number }[];
  /** Absolute paths: temporary files of processes that died; stamps, aliases, chunk lists and piece manifests without their blob. */
  readonly leftovers: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly freedBytes: number;
}

const DAY_MS = 86_400_000;

/** Finds what the store could do without. */
export function planCollection(store: Store, options: CollectionOptions): Promise<CollectionPlan> {
  return asSluiceErrors(async () => {
    const layout = layoutOf(store.root);
    const { blobs, youngBlobs } = await unreferenced(store, layout, options);
    const partials = await stalePartials(layout, options);
    const doomed = new Set(blobs.map((blob) => blob.sha256));
    const leftovers = [
      ...(await oldTemporaries(layout, options.nowMs)),
      ...(await orphanStamps(layout, doomed)),
      ...(await orphanAliases(layout, doomed)),
      ...(await orphansBelow(layout.chunkLists, layout, doomed)),
      ...(await orphansBelow(layout.pieceManifests, layout, doomed)),
    ];
    const freed = [...blobs.filter((blob) => blob.otherLinks === 0), ...partials, ...leftovers];
    const freedBytes = freed.reduce((sum, item) => sum + item.sizeBytes, 0);
    return { madeAtMs: options.nowMs, blobs, youngBlobs, partials, leftovers, freedBytes };
  });
}

async function unreferenced(
  store: Store,
  layout: Layout,
  { liveDigests, nowMs, graceMs = DAY_MS / 24 }: CollectionOptions,
): Promise<Pick<CollectionPlan, 'blobs' | 'youngBlobs'>> {
  const live = new Set(liveDigests);
  const blobs: ListedBlob[] = [];
  const youngBlobs: ListedBlob[] = [];
  for await (const blob of listBlobs(store)) {
    if (live.has(blob.sha256)) continue;
    const provenAtMs = (await readStamp(layout, blob.sha256))?.file?.verifiedAtMs ?? blob.modifiedAtMs;
    (nowMs - provenAtMs < graceMs ? youngBlobs : blobs).push(blob);
  }
  return { blobs, youngBlobs };
}

async function stalePartials(
  layout: Layout,
  { nowMs, partialMaxIdleMs = 14 * DAY_MS }: CollectionOptions,
): Promise<CollectionPlan['partials']> {
  const found: { key: string; sizeBytes: number; idleMs: number }[] = [];
  for (const key of ((await unless(readdir(layout.partials))) ?? []).filter(isPartialKey).sort()) {
    const folder = layout.partial(key);
    const lease = await observeLease(join(folder, PARTIAL_FILES.lease));
    const held = lease !== undefined && !(await isStale(lease, Infinity, { tmp: layout.tmp, timing: LEASE_TIMING }));
    if (held) continue;
    const stats = await Promise.all([folder, ...pathsIn(folder)].map((path) => unless(lstat(path))));
    const lastMs = Math.max(...stats.map((stat) => stat?.mtimeMs ?? 0));
    const sizeBytes = stats.reduce((sum, stat) => sum + (stat?.isFile() === true ? stat.blocks * 512 : 0), 0);
    const idleMs = nowMs - lastMs;
    if (idleMs > partialMaxIdleMs) found.push({ key, sizeBytes, idleMs });
  }
  return found;
}

function pathsIn(folder: string): readonly string[] {
  return [join(folder, PARTIAL_FILES.data), join(folder, PARTIAL_FILES.journal)];
}

/** A temporary name lives for seconds, or for as long as a large copy takes. */
async function oldTemporaries(layout: Layout, nowMs: number): Promise<CollectionPlan['leftovers']> {
  const leftovers: { path: string; sizeBytes: number }[] = [];
  for (const path of await filesBelow(layout.tmp)) {
    const stat = await unless(lstat(path));
    if (stat !== undefined && nowMs - stat.mtimeMs > DAY_MS) leftovers.push({ path, sizeBytes: stat.blocks * 512 });
  }
  return leftovers;
}

/** The stamp of a blob that waits to be mended says what its pieces should be: it stays. */
async function orphanStamps(layout: Layout, doomed: ReadonlySet<string>): Promise<CollectionPlan['leftovers']> {
  const leftovers: { path: string; sizeBytes: number }[] = [];
  for (const path of await filesBelow(layout.stamps)) {
    const sha256 = basename(path, '.json');
    if (!isSha256(sha256) || doomed.has(sha256) || (await blobStat(layout, sha256)) !== undefined) continue;
    const folder = layout.partial(partialKey({ digests: { sha256 }, sizeBytes: undefined }));
    const stat = await unless(lstat(path));
    if (stat !== undefined && (await unless(lstat(folder))) === undefined) {
      leftovers.push({ path, sizeBytes: stat.blocks * 512 });
    }
  }
  return leftovers;
}

async function orphanAliases(layout: Layout, doomed: ReadonlySet<string>): Promise<CollectionPlan['leftovers']> {
  const leftovers: { path: string; sizeBytes: number }[] = [];
  for (const path of await filesBelow(layout.aliases)) {
    const stat = await unless(lstat(path));
    const text = stat === undefined ? undefined : await unless(readFile(path, 'latin1'));
    if (stat === undefined || text === undefined) continue;
    const sha256 = parseAlias(text)?.sha256;
    const needed = sha256 !== undefined && !doomed.has(sha256) && (await blobStat(layout, sha256)) !== undefined;
    // Another name of a stamp takes no room of its own.
    if (!needed) leftovers.push({ path, sizeBytes: stat.nlink > 1 ? 0 : stat.blocks * 512 });
  }
  return leftovers;
}

/** Files named after blobs that are not here, or will not be. */
async function orphansBelow(
  folder: string,
  layout: Layout,
  doomed: ReadonlySet<string>,
): Promise<CollectionPlan['leftovers']> {
  const leftovers: { path: string; sizeBytes: number }[] = [];
  for (const path of await filesBelow(folder)) {
    const sha256 = basename(path);
    if (!isSha256(sha256) || doomed.has(sha256) || (await blobStat(layout, sha256)) !== undefined) continue;
    const stat = await unless(lstat(path));
    if (stat !== undefined) leftovers.push({ path, sizeBytes: stat.blocks * 512 });
  }
  return leftovers;
}
