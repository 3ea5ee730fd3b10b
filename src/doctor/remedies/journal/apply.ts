import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, SluiceError, toSluiceError } from '../../../base/index.js';
import type { Change, Proposal } from '../port.js';
import { isSame, readState } from './file-state.js';
import { place } from './place-file.js';
import type { RemedyRecord } from './record.js';
import type { RemedyJournal } from './remedy-journal.js';
import { existingFolder, requirePermission } from './require-permission.js';
import { planUndo, undoRecord } from './undo.js';

export interface Applied {
  readonly record: RemedyRecord;
  /** Values that the kernel does not take on this machine. */
  readonly refused: readonly Change[];
}

/**
 * Makes the changes, all or none. The record is on the disk before the first of them: a run that was killed is mended by undoing it.
 * @throws SluiceError NO_PERMISSION, CHANGED_SINCE when a file is no longer as it was shown
 */
export async function applyChanges(
  { remedy, changes }: Pick<Proposal, 'remedy' | 'changes'>,
  root: string,
  journal: RemedyJournal,
): Promise<Applied> {
  for (const { kind, path, before } of changes)
    if (!isSame(kind, await readState(path, kind), before)) throw new SluiceError('CHANGED_SINCE', { path });
  await requirePermission(changes);
  const folders = await missingFolders(changes);
  const record = await journal.add({ remedy, root, state: 'applying', atMs: Date.now(), folders, changes });
  const refused: Change[] = [];
  try {
    for (const folder of folders) await mkdir(folder, { mode: 0o755 });
    for (const change of changes) if (!(await make(change, record.id))) refused.push(change);
    const made = { ...record, state: 'applied', changes: changes.filter((each) => !refused.includes(each)) } as const;
    await journal.replace(made);
    return { record: made, refused };
  } catch (thrown) {
    await undoRecord(record, await planUndo(record), journal);
    throw toSluiceError(thrown);
  }
}

/** False when the kernel does not take a value: a device may have fewer requests than we would like. */
async function make(change: Change, id: string): Promise<boolean> {
  try {
    await place(change, change.after, id);
    return true;
  } catch (thrown) {
    if (change.kind === 'value' && ['EINVAL', 'ENOENT', 'ERANGE'].includes(errnoOf(thrown) ?? '')) return false;
    throw toSluiceError(thrown, { path: change.path });
  }
}

/** Outermost first. */
async function missingFolders(changes: readonly Change[]): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const { kind, path } of changes) {
    if (kind === 'value') continue;
    const existing = await existingFolder(path);
    const chain: string[] = [];
    for (let at = dirname(path); at !== existing; at = dirname(at)) chain.unshift(at);
    for (const folder of chain) missing.add(folder);
  }
  return [...missing];
}
