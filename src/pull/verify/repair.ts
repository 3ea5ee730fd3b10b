import { randomBytes } from 'node:crypto';
import { readlink, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SluiceError, errnoOf } from '../../base/index.js';
import { literalPattern } from '../../hubs/index.js';
import type { PullContext, PullOutcome, PullRequest } from '../port.js';
import { pull } from '../pull.js';
import { findingOf, type Finding, type Problem, type VerifyProgress } from './report.js';
import { inspect } from './verify.js';

export interface RepairReport {
  readonly target: string;
  readonly files: number;
  readonly repaired: readonly string[];
  /** Findings that no known origin could mend. */
  readonly left: readonly Finding[];
  readonly fetchedBytes: number;
  readonly ms: number;
}

/**
 * Proves like `verify`, then fetches again what is wrong or missing, and only that: of a large file in the store only the
 * pieces that differ. A wrong file of another tool's cache is set aside until its replacement is proven.
 */
export async function repair(
  subject: string | undefined,
  context: PullContext,
  progress?: VerifyProgress,
  given: GivenPieces = {},
): Promise<RepairReport> {
  const startedMs = Date.now();
  const inspections = await inspect(subject, context, progress);
  const problems = inspections.flatMap((one) => one.problems);
  const mendable = problems.filter(isMendable);
  let fetchedBytes = 0;
  for (const group of groupByOrigin(mendable)) fetchedBytes += (await mend(group, context, given)).fetchedBytes;
  return {
    target: subject ?? context.settings.home,
    files: inspections.reduce((sum, one) => sum + one.checkedFiles, 0),
    repaired: mendable.map(({ path }) => path),
    left: problems.filter((problem) => !isMendable(problem)).map(findingOf),
    fetchedBytes,
    ms: Date.now() - startedMs,
  };
}

type Mendable = Problem & { readonly from: NonNullable<Problem['from']> };

function isMendable(problem: Problem): problem is Mendable {
  return problem.from !== undefined;
}

function groupByOrigin(problems: readonly Mendable[]): readonly (readonly Mendable[])[] {
  const groups = new Map<string, Mendable[]>();
  for (const problem of problems) {
    const { ref, view } = problem.from;
    const key = JSON.stringify([ref, view]);
    groups.set(key, [...(groups.get(key) ?? []), problem]);
  }
  return [...groups.values()];
}

/** What says what the pieces of files must be. */
type GivenPieces = Partial<Pick<PullRequest, 'pieces' | 'trustKeys' | 'sources'>>;

async function mend(problems: readonly Mendable[], context: PullContext, given: GivenPieces): Promise<PullOutcome> {
  const [first] = problems;
  if (first === undefined) throw new SluiceError('INTERNAL', { reason: 'nothing to mend' });
  const { ref, view } = first.from;
  const wrong = problems.filter(({ kind }) => kind === 'wrong');
  const aside = (await Promise.all(wrong.map(({ path }) => setAside(path)))).filter((moved) => moved !== undefined);
  try {
    const outcome = await pull(
      {
        ref,
        include: problems.map(({ from }) => literalPattern(from.path)),
        exclude: [],
        sources: [],
        ...given,
        ...(view === undefined ? {} : { view: view.view, to: view.root }),
      },
      context,
    );
    await Promise.all(aside.map(({ to }) => unlink(to)));
    return outcome;
  } catch (thrown) {
    await Promise.all(aside.map(({ from, to }) => rename(to, from).catch(() => undefined)));
    throw thrown;
  }
}

/** Moves a wrong file of somebody else's cache out of its name. The name it gets is one that their own clean-up sweeps. */
async function setAside(path: string): Promise<{ from: string; to: string } | undefined> {
  try {
    const link = await readlink(path).catch(() => undefined);
    const from = link === undefined ? path : resolve(dirname(path), link);
    const to = `${from}.${randomBytes(4).toString('hex')}.incomplete`;
    await rename(from, to);
    return { from, to };
  } catch (thrown) {
    // Names inside our own store are not files of the working folder; there is nothing to move.
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}
