import { isAbsolute } from 'node:path';
import { REMEDIES, type Change, type FileState, type RemedyName } from '../port.js';

/** What was changed, with everything that gives it back (docs/FORMATS.md, "Remedies"). */
export interface RemedyRecord {
  readonly id: string;
  readonly remedy: RemedyName;
  readonly root: string;
  /** `applying`: some changes may have been made and others not. */
  readonly state: 'applying' | 'applied';
  readonly atMs: number;
  /** Folders that were made for the files, outermost first. */
  readonly folders: readonly string[];
  readonly changes: readonly Change[];
}

export function writeRecord(record: RemedyRecord): string {
  const { id: _, changes, ...rest } = record;
  const stateOf = (state: FileState | undefined): unknown =>
    state === undefined
      ? null
      : { base64: state.bytes.toString('base64'), mode: state.mode, uid: state.uid, gid: state.gid };
  const told = changes.map(({ kind, path, before, after }) => ({
    ...{ kind, path },
    ...{ before: stateOf(before), after: stateOf(after) },
  }));
  return `${JSON.stringify({ version: 1, ...rest, changes: told }, undefined, 2)}\n`;
}

/** Never throws; undefined for anything that is not a whole record. */
export function parseRecord(text: string, id: string): RemedyRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || value.version !== 1) return undefined;
  const { remedy, root, state, atMs, folders, changes } = value;
  const name = REMEDIES.find((known) => known === remedy);
  if (name === undefined || !isPath(root) || (state !== 'applying' && state !== 'applied')) return undefined;
  if (typeof atMs !== 'number' || !Array.isArray(folders) || !folders.every(isPath)) return undefined;
  if (!Array.isArray(changes)) return undefined;
  const parsed = changes.map(parseChange);
  if (!parsed.every((change) => change !== undefined)) return undefined;
  return { id, remedy: name, root, state, atMs, folders, changes: parsed };
}

function parseChange(value: unknown): Change | undefined {
  if (!isObject(value)) return undefined;
  const { kind, path } = value;
  if ((kind !== 'file' && kind !== 'value') || !isPath(path)) return undefined;
  const after = parseState(value.after);
  const before = value.before === null ? undefined : parseState(value.before);
  if (after === undefined || (before === undefined && value.before !== null)) return undefined;
  return { kind, path, before, after };
}

function parseState(value: unknown): FileState | undefined {
  if (!isObject(value)) return undefined;
  const { base64, mode, uid, gid } = value;
  if (typeof base64 !== 'string' || !isCount(mode) || mode > 0o7777 || !isCount(uid) || !isCount(gid)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? { bytes, mode, uid, gid } : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && isAbsolute(value) && !value.includes('\0');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
