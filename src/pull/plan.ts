import { SluiceError, formatBytes, type PlanSummary } from '../base/index.js';
import type { ManifestFile, Origin } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { hasPartial, pieceBytesFor, resumableBytes } from '../transfer/index.js';
import type { SurveyedFile } from './survey.js';
import type { Target } from './targets.js';

/** Room that is kept free for everything else on the disk. */
const SPARE_BYTES = 64 * 2 ** 20;

/** What moving the missing files will take. `requests` counts those that remain: one for a small file, one per piece otherwise. */
export async function planTransfer(
  store: Store,
  surveyed: readonly SurveyedFile[],
  origins: readonly Origin[],
  target: Target,
): Promise<PlanSummary> {
  const missing = surveyed.filter(({ sha256 }) => sha256 === undefined).map(({ file }) => file);
  const sizesKnown = surveyed.every(({ sizeBytes }) => sizeBytes !== undefined);
  const missingKnown = missing.every((file) => file.sizeBytes !== undefined);
  const total = sum(surveyed.map(({ sizeBytes }) => sizeBytes ?? 0));
  const missingBytes = sum(missing.map((file) => file.sizeBytes ?? 0));
  const resumeBytes = sum(await Promise.all(missing.map((file) => resumableBytes(store, file))));
  const fetchBytes = Math.max(0, missingBytes - resumeBytes);
  return {
    files: surveyed.length,
    totalBytes: sizesKnown ? total : null,
    haveBytes: total - missingBytes,
    resumeBytes,
    fetchBytes: missingKnown ? fetchBytes : null,
    requests: sum(missing.map((file) => requestsFor(file.sizeBytes))),
    sources: origins.map((origin) => origin.id),
    diskNeedBytes: sum(await Promise.all(missing.map((file) => roomFor(store, file)))),
    diskFreeBytes: await store.freeBytes(),
    view: target.view,
    target: target.root,
  };
}

/** A partial may have its whole room already, however little of it has arrived. Small files have none. */
async function roomFor(store: Store, file: ManifestFile): Promise<number> {
  const { digests, sizeBytes, url, validators } = file;
  if (sizeBytes === undefined) return 0;
  if (!hasPartial(sizeBytes)) return sizeBytes;
  const identity = { digests, sizeBytes, ...(url ? { url } : {}), ...(validators ? { validators } : {}) };
  return Math.max(0, sizeBytes - (await store.partialBytes(identity)));
}

/** @throws SluiceError DISK_FULL before the first byte is asked for */
export function requireRoom(plan: PlanSummary, path: string): void {
  if (plan.diskNeedBytes === 0 || plan.diskFreeBytes >= plan.diskNeedBytes + SPARE_BYTES) return;
  throw new SluiceError('DISK_FULL', {
    path,
    needed: formatBytes(plan.diskNeedBytes + SPARE_BYTES),
    free: formatBytes(plan.diskFreeBytes),
  });
}

/** One for a file within a piece; for a larger one at most one per piece, as neighbouring pieces may come together. */
function requestsFor(sizeBytes: number | undefined): number {
  return sizeBytes === undefined ? 1 : Math.max(1, Math.ceil(sizeBytes / pieceBytesFor(sizeBytes)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
