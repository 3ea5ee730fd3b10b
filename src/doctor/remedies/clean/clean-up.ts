import { rm } from 'node:fs/promises';
import { collectGarbage, type GarbageReport, type PullContext } from '../../../pull/index.js';
import type { Failure } from '../../facts.js';
import { failureOf } from '../../failure.js';
import { findLeftovers, type Leftover } from './find-leftovers.js';

export interface CleaningReport {
  /** What our own store can do without. */
  readonly store: GarbageReport;
  readonly leftovers: readonly Leftover[];
  /** What goes, or went: `leftovers` that could not be removed are not in it. */
  readonly freedBytes: number;
  readonly failures: readonly (Failure & { readonly path: string })[];
  readonly applied: boolean;
}

/**
 * Lists what can go from the store and from other tools' caches, and with `apply` removes it, for good.
 * Everything is looked at again before it goes: nothing that is in use is removed.
 * @throws SluiceError CORRUPT_STORE
 */
export async function cleanUp(
  context: PullContext,
  { apply, nowMs }: { readonly apply: boolean; readonly nowMs: number },
): Promise<CleaningReport> {
  const { hfCache, msCache, msLegacyCache } = context.settings;
  const store = await collectGarbage(context, { apply });
  const leftovers = await findLeftovers({ hfCache, msCaches: [msCache, msLegacyCache] }, nowMs);
  const failures: CleaningReport['failures'][number][] = [];
  let freedBytes = store.freedBytes;
  for (const leftover of leftovers) {
    try {
      // The control file last: without the other it says nothing, and the other without it would look whole.
      if (apply) for (const path of leftover.paths) await rm(path, { force: true });
      freedBytes += leftover.bytes;
    } catch (thrown) {
      failures.push({ path: leftover.paths[0] ?? '', ...failureOf(thrown) });
    }
  }
  return { store, leftovers, freedBytes, failures, applied: apply };
}
