import { rmdir } from 'node:fs/promises';
import { errnoOf, toSluiceError } from '../../../base/index.js';
import type { Change, FileState } from '../port.js';
import { isSame, readState } from './file-state.js';
import { place, removeTemporary } from './place-file.js';
import type { RemedyRecord } from './record.js';
import type { RemedyJournal } from './remedy-journal.js';
import { requirePermission } from './require-permission.js';

/** One path of a record, as it is now. */
export interface UndoStep {
  readonly change: Change;
  readonly now: FileState | undefined;
  /** `restore`: it is as the remedy made it. `same`: it is as it was before. `changed`: it is neither. */
  readonly state: 'restore' | 'same' | 'changed';
}

export async function planUndo({ changes }: Pick<RemedyRecord, 'changes'>): Promise<readonly UndoStep[]> {
  const steps: UndoStep[] = [];
  for (const change of [...changes].reverse()) {
    const { kind, path, before, after } = change;
    const now = await readState(path, kind);
    // A device that is gone takes its values along.
    const isSettled = isSame(kind, now, before) || (kind === 'value' && now === undefined);
    steps.push({ change, now, state: isSettled ? 'same' : isSame(kind, now, after) ? 'restore' : 'changed' });
  }
  return steps;
}

/**
 * Gives every path back as it was and forgets the record. May be killed and run again at any point: what is back already stays.
 * Paths that somebody else changed since are given back too; the caller decides that before.
 */
export async function undoRecord(
  record: RemedyRecord,
  steps: readonly UndoStep[],
  journal: RemedyJournal,
): Promise<void> {
  const todo = steps.filter(({ state }) => state !== 'same').map(({ change }) => change);
  await requirePermission(todo);
  for (const change of todo) {
    await place(change, change.before, record.id).catch((thrown: unknown) => {
      throw toSluiceError(thrown, { path: change.path });
    });
  }
  for (const change of record.changes) await removeTemporary(change, record.id);
  for (const folder of [...record.folders].reverse())
    // Others may have put something in there since.
    await rmdir(folder).catch(ignoring('ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'));
  await journal.remove(record.id);
}

function ignoring(...errnos: readonly string[]): (thrown: unknown) => void {
  return (thrown) => {
    if (!errnos.includes(errnoOf(thrown) ?? '')) throw toSluiceError(thrown);
  };
}
