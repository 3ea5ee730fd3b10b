import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SluiceError } from '../../base/index.js';
import { parseRef } from '../../hubs/index.js';
import { openStore, type Store } from '../../store/index.js';
import { HOLDINGS } from '../holdings.js';
import { listKept } from '../kept.js';
import { matchesRef } from '../models.js';
import { originsFor } from '../origins.js';
import { resolveRef } from '../pin.js';
import type { PullContext } from '../port.js';
import { withWires } from '../wires.js';
import { verifyFlatFolder } from './flat-folder.js';
import { verifyHolding } from './held.js';
import { isHfCache, verifyHfCache } from './hf-cache.js';
import { modelScopeRefOf, verifyAgainstListing } from './listed-folder.js';
import { looksLikePath } from './looks-like-path.js';
import { findingOf, type Finding, type Inspection, type VerifyProgress, type VerifyReport } from './report.js';

/** Proves files again, byte by byte, without changing them; see `inspect` for what `subject` may be. */
export async function verify(
  subject: string | undefined,
  context: PullContext,
  progress?: VerifyProgress,
): Promise<VerifyReport> {
  const startedMs = Date.now();
  const inspections = await inspect(subject, context, progress);
  return {
    target: subject ?? context.settings.home,
    files: inspections.reduce((sum, one) => sum + one.checkedFiles, 0),
    bytes: inspections.reduce((sum, one) => sum + one.checkedBytes, 0),
    ms: Date.now() - startedMs,
    findings: inspections.flatMap((one) => [
      ...one.problems.map(findingOf),
      ...one.unprovable.map((path): Finding => ({ path, problem: 'unknown' })),
    ]),
  };
}

/**
 * Proves files again. `subject` is a ref (what this store holds of it), a folder that Sluice or
 * another tool wrote (Hugging Face cache, ModelScope cache, flat folder, checksum list), or undefined for the whole store.
 * @throws SluiceError NOT_HERE when there is nothing of that name
 */
export async function inspect(
  subject: string | undefined,
  context: PullContext,
  progress: VerifyProgress = () => undefined,
): Promise<readonly Inspection[]> {
  const store = await openStore(context.settings.home);
  if (subject !== undefined && (await looksLikePath(subject))) {
    return [await verifyPath(resolve(subject), store, context, progress)];
  }
  const { found } = await listKept(store, HOLDINGS);
  const wanted = found.filter(({ value }) => subject === undefined || matchesRef(value, subject));
  if (subject !== undefined && wanted.length === 0) throw new SluiceError('NOT_HERE', { ref: subject });
  const reports: Inspection[] = [];
  for (const { value } of wanted) reports.push(await verifyHolding(store, value, progress, context.signal));
  return reports;
}

async function verifyPath(
  path: string,
  store: Store,
  context: PullContext,
  progress: VerifyProgress,
): Promise<Inspection> {
  const { signal } = context;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new SluiceError('NOT_HERE', { ref: path });
  if (!found.isDirectory()) return verifyFlatFolder(path, progress, signal);
  if (await isHfCache(path)) return verifyHfCache(path, progress, signal);
  const modelScope = modelScopeRefOf(path);
  if (modelScope === undefined) return verifyFlatFolder(path, progress, signal);
  return withWires(context, async (wires) => {
    const ref = parseRef(modelScope.ref);
    const endpoints = (patienceMs: number) => originsFor(ref, context.settings, [], { ...wires, patienceMs });
    const { manifest } = await resolveRef(ref, endpoints, { store, ...context });
    return verifyAgainstListing(path, manifest, modelScope, progress, signal);
  });
}
