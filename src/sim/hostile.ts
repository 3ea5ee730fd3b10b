import type { Content } from './content.js';

/** Paths that no client may follow. */
export const HOSTILE_PATHS = [
  '../../escape.txt',
  'sub/../../escape.txt',
  '/etc/escape.txt',
  'C:\\escape.txt',
  'C:/escape.txt',
  'sub\\escape.txt',
  '\\\\host\\share\\escape.txt',
  'nul\u0000byte.txt',
  'line\nbreak.txt',
  'escape\u001b[31m.txt',
  'right\u202eto-left.txt',
  './dot.txt',
  'double//slash.txt',
  'trailing/',
  '..',
  '',
  `${'long/'.repeat(300)}name.txt`,
  `${'n'.repeat(300)}.txt`,
] as const;

/** Sizes that no listing may claim. */
export const HOSTILE_SIZES: readonly unknown[] = [1e15, -1, 1.5, '12', 'many', null, 2 ** 53, 1e300, [], {}, true];

/** An entry for a listing, of any shape its `size` may take. */
export interface ForgedEntry {
  readonly path: unknown;
  readonly size?: unknown;
  readonly sha256?: unknown;
}

const SOME_SHA256 = 'a'.repeat(64);

/**
 * For the fault `edit-json`: adds entries to a Hugging Face tree or a ModelScope listing, or replaces those of the same path.
 * Other answers pass unchanged.
 */
export function forgeEntries(entries: readonly ForgedEntry[]): (value: unknown) => unknown {
  return (value) => {
    if (Array.isArray(value)) return merge(value, entries.map(huggingFaceEntry), 'path');
    if (!isRecord(value) || !isRecord(value.Data) || !Array.isArray(value.Data.Files)) return value;
    const files = merge(value.Data.Files, entries.map(modelScopeEntry), 'Path');
    return { ...value, Data: { ...value.Data, Files: files } };
  };
}

/** JSON without end, for practical purposes: an array that opens, then so many bytes of space. */
export function endlessJson(sizeBytes: number): Content {
  return {
    sizeBytes,
    read: (offset, length) => {
      const bytes = Buffer.alloc(length, ' ');
      if (offset === 0 && length > 0) bytes.write('[');
      return bytes;
    },
  };
}

function merge(list: readonly unknown[], forged: readonly object[], key: string): unknown[] {
  const replaced = new Set(forged.map((entry) => (entry as Record<string, unknown>)[key]));
  return [...list.filter((entry) => !isRecord(entry) || !replaced.has(entry[key])), ...forged];
}

function huggingFaceEntry({ path, size = 1, sha256 = SOME_SHA256 }: ForgedEntry): object {
  return { type: 'file', oid: 'b'.repeat(40), size, path, lfs: { oid: sha256, size, pointerSize: 134 } };
}

function modelScopeEntry({ path, size = 1, sha256 = SOME_SHA256 }: ForgedEntry): object {
  const name = typeof path === 'string' ? path.split('/').at(-1) : path;
  return { Type: 'blob', Path: path, Name: name, Size: size, Sha256: sha256, Revision: 'b'.repeat(40), IsLFS: true };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
