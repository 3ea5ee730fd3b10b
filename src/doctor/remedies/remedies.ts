import { join, relative, resolve } from 'node:path';
import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { SluiceError } from '../../base/index.js';
import { examine } from '../examine.js';
import { applyChanges, type Applied } from './journal/apply.js';
import { isSame, readState } from './journal/file-state.js';
import { oneAtATime } from './journal/one-at-a-time.js';
import type { RemedyRecord } from './journal/record.js';
import { openRemedyJournal, type RemedyJournal } from './journal/remedy-journal.js';
import { existingFolder } from './journal/require-permission.js';
import { planUndo, undoRecord, type UndoStep } from './journal/undo.js';
import { measuredPath } from './kernel/measured-path.js';
import { proposeKernel, type PathMeasures } from './kernel/propose-kernel.js';
import { mirrorUrl } from './mirrors/mirror-url.js';
import { proposeMirror, type MirrorPlan } from './mirrors/propose-mirror.js';
import {
  MIRRORED,
  type Change,
  type FileState,
  type Note,
  type Proposal,
  type RemedyContext,
  type RemedyName,
  type RemedyOptions,
  type RemedyPlace,
} from './port.js';
import type { WantedChange } from './wanted-change.js';

/**
 * What a remedy would change; nothing is changed.
 * @throws SluiceError FILE_UNFIT for a file that cannot be edited safely, USAGE when no mirror is known, and what `examine` meets
 */
export async function proposeRemedy(
  remedy: RemedyName,
  options: RemedyOptions,
  context: RemedyContext,
): Promise<Proposal> {
  const root = resolve(options.root);
  const place: RemedyPlace = {
    at: (path) => join(root, path),
    userHome: context.env.HOME || homedir(),
    env: context.env,
  };
  const unfinished = (await openRemedyJournal(context.settings.home).list()).filter(
    ({ state }) => state === 'applying',
  );
  const notes = unfinished.map(({ id }): Note => ({ code: 'UNFINISHED', values: { id } }));
  const plan =
    remedy === 'kernel' ? await kernelPlan(options, context, place) : await mirrorPlan(remedy, options, context, place);
  const changes: Change[] = [];
  for (const wanted of plan.wanted) {
    const change = await changeOf(wanted, place.at(wanted.path), root);
    if (change !== undefined) changes.push(change);
  }
  return { remedy, changes, commands: plan.commands, notes: [...notes, ...plan.notes] };
}

/**
 * Makes what `proposeRemedy` shows, after taking back what an earlier run left half done. All of it or nothing.
 * @throws SluiceError NO_PERMISSION, CHANGED_SINCE, and what `proposeRemedy` meets
 */
export async function applyRemedy(
  remedy: RemedyName,
  options: RemedyOptions,
  context: RemedyContext,
): Promise<{ readonly proposal: Proposal; readonly applied?: Applied }> {
  const { home } = context.settings;
  return oneAtATime(home, context.signal, async () => {
    const journal = openRemedyJournal(home);
    for (const record of [...(await journal.list())].reverse())
      if (record.state === 'applying') await undoUnchanged(record, journal);
    const proposal = await proposeRemedy(remedy, options, context);
    if (proposal.changes.length === 0) return { proposal };
    return { proposal, applied: await applyChanges(proposal, resolve(options.root), journal) };
  });
}

/** Remedies that are applied, oldest first. */
export async function listRemedies(storeHome: string): Promise<readonly RemedyRecord[]> {
  return openRemedyJournal(storeHome).list();
}

export interface Undone {
  readonly record: RemedyRecord;
  readonly steps: readonly UndoStep[];
  /** False when a file was changed since and `force` was not given: then nothing was given back. */
  readonly isDone: boolean;
}

/**
 * Gives back what a remedy changed, by default the last one.
 * @throws SluiceError NO_SUCH_REMEDY when there is none, NO_PERMISSION, FILE_UNFIT, INTERRUPTED
 */
export async function undoRemedy(
  storeHome: string,
  id: string | undefined,
  { force, signal = new AbortController().signal }: { readonly force: boolean; readonly signal?: AbortSignal },
): Promise<Undone> {
  const journal = openRemedyJournal(storeHome);
  // Where nothing was ever applied, nothing is made to find that out.
  chosen(await journal.list(), id);
  return oneAtATime(storeHome, signal, async () => giveBack(chosen(await journal.list(), id), force, journal));
}

function chosen(records: readonly RemedyRecord[], id: string | undefined): RemedyRecord {
  const record = id === undefined ? records.at(-1) : records.find((each) => each.id === id);
  if (record === undefined) throw new SluiceError('NO_SUCH_REMEDY', id === undefined ? {} : { id });
  return record;
}

async function giveBack(record: RemedyRecord, force: boolean, journal: RemedyJournal): Promise<Undone> {
  const steps = await planUndo(record);
  const isDone = force || steps.every(({ state }) => state !== 'changed');
  if (isDone) await undoRecord(record, steps, journal);
  return { record, steps, isDone };
}

async function undoUnchanged(record: RemedyRecord, journal: RemedyJournal): Promise<void> {
  const { steps, isDone } = await giveBack(record, false, journal);
  const changed = steps.find(({ state }) => state === 'changed');
  if (!isDone && changed !== undefined)
    throw new SluiceError('CHANGED_SINCE', { path: changed.change.path, id: record.id });
}

async function kernelPlan(options: RemedyOptions, context: RemedyContext, place: RemedyPlace): Promise<MirrorPlan> {
  const { bytesPerSecond, roundTripMs, subject } = options;
  const measured =
    bytesPerSecond !== undefined && roundTripMs !== undefined
      ? undefined
      : measuredPath((await examine(subject, context)).facts);
  const rate = bytesPerSecond ?? measured?.bytesPerSecond;
  const ms = roundTripMs ?? measured?.roundTripMs;
  const path: PathMeasures | undefined =
    rate === undefined || ms === undefined ? undefined : { bytesPerSecond: rate, roundTripMs: ms };
  return { commands: [], ...(await proposeKernel(place, path)) };
}

async function mirrorPlan(
  remedy: Exclude<RemedyName, 'kernel'>,
  options: RemedyOptions,
  context: RemedyContext,
  place: RemedyPlace,
): Promise<MirrorPlan> {
  if (remedy === 'mirrors' && options.mirror !== undefined)
    throw new SluiceError('USAGE', { reason: `--mirror belongs to one of ${MIRRORED.join(', ')}` });
  const plans: MirrorPlan[] = [];
  for (const name of remedy === 'mirrors' ? MIRRORED : [remedy]) {
    const url = mirrorUrl(name, options, context);
    if (url !== undefined) plans.push(await proposeMirror(name, url, place));
  }
  if (plans.length === 0)
    throw new SluiceError('USAGE', { reason: `no mirror is known for ${remedy}: give --mirror URL, or --profile cn` });
  return {
    wanted: plans.flatMap(({ wanted }) => wanted),
    commands: plans.flatMap(({ commands }) => commands),
    notes: plans.flatMap(({ notes }) => notes).filter(isFirst),
  };
}

/** Two clients may have the same to say. */
function isFirst(note: Note, at: number, all: readonly Note[]): boolean {
  return all.findIndex(({ code }) => code === note.code) === at;
}

async function changeOf(wanted: WantedChange, path: string, root: string): Promise<Change | undefined> {
  const { kind, edit, mode = 0o644 } = wanted;
  await requireInside(path, root);
  const before = await readState(path, kind);
  if (kind === 'value' && before === undefined) return undefined;
  const bytes = edit(before?.bytes, path);
  const after: FileState =
    before === undefined
      ? { bytes, mode, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
      : { ...before, bytes };
  return isSame(kind, before, after) ? undefined : { kind, path, before, after };
}

/** A link in another root may lead out of it, to the files of this machine. */
async function requireInside(path: string, root: string): Promise<void> {
  const away = relative(await realpath(root), await realpath(await existingFolder(path)));
  if (away === '..' || away.startsWith('../'))
    throw new SluiceError('FILE_UNFIT', { path, reason: 'a link on its way leads out of the root' });
}
