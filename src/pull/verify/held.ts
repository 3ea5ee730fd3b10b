import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import type { HeldFile, Holding } from '../holdings.js';
import { checkFile } from './check-file.js';
import type { Problem, VerifyProgress, Inspection } from './report.js';

/** Proves again what the store holds for one commit: every blob by its bytes, every name in the view by what it leads to. */
export async function verifyHolding(
  store: Store,
  holding: Holding,
  progress: VerifyProgress,
  signal: AbortSignal,
): Promise<Inspection> {
  const problems: Problem[] = [];
  let checkedBytes = 0;
  for (const file of holding.files) {
    signal.throwIfAborted();
    const view = { view: holding.view, root: holding.root };
    const origin = { ref: pinnedRef(holding), path: file.path, view };
    // What was opened with a key comes again by a pull with the key.
    const from = file.openedFrom === undefined ? { from: origin } : {};
    const expected = `sha256:${file.sha256 ?? '?'}`;
    const { sha256 } = file;
    const state = sha256 === undefined ? 'absent' : await store.proveBlob(sha256, signal);
    if (state === 'wrong') problems.push({ path: file.path, kind: 'wrong', expected, actual: 'other bytes', ...from });
    else if (sha256 === undefined || state === 'absent') {
      problems.push({ path: file.path, kind: 'missing', expected, actual: 'not in the store', ...from });
    } else if (holding.state === 'complete') {
      problems.push(...(await viewProblem(store, holding, { ...file, sha256 }, from, signal)));
    }
    checkedBytes += state === 'proven' ? (file.sizeBytes ?? 0) : 0;
    progress(file.path, file.sizeBytes ?? 0);
  }
  return {
    subject: `${holding.ref} (${holding.view})`,
    layout: 'store',
    checkedFiles: holding.files.length,
    checkedBytes,
    unprovable: [],
    problems,
  };
}

/** `ref@commit`, so that a repair fetches the very version that was held. */
function pinnedRef({ ref, origin, commit }: Holding): string {
  return origin === 'https' ? ref : `${ref.split('@')[0] ?? ref}@${commit}`;
}

/** A name that is a link to the blob was proven with it; a copy has bytes of its own to prove. */
async function viewProblem(
  store: Store,
  holding: Holding,
  file: HeldFile & { readonly sha256: string },
  from: Pick<Problem, 'from'>,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const full = join(holding.path, file.path);
  const [shown, blob] = await Promise.all([identity(full), identity(store.blobPath(file.sha256))]);
  if (shown !== undefined && shown === blob) return [];
  const verdict = await checkFile(full, { sha256: file.sha256 }, file.sizeBytes ?? undefined, signal);
  return verdict.state === 'problem' ? [{ ...verdict.problem, ...from }] : [];
}

async function identity(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (thrown) {
    if (errnoOf(thrown) === undefined) throw thrown;
    return undefined;
  }
}
