import type { Store } from '../store/index.js';

/** A kind of document that pulls keep in the store, and the check of its shape: what is on disk may be anything. */
export interface Kind<T> {
  readonly collection: string;
  readonly is: (value: unknown) => value is T;
}

/** A kept document; a broken one counts as absent, since everything kept here can be asked for again. */
export async function readKept<T>(store: Store, kind: Kind<T>, name: string): Promise<T | undefined> {
  const read = await store.documents.read(kind.collection, name);
  return read.status === 'ok' && kind.is(read.value) ? read.value : undefined;
}

export interface KeptList<T> {
  readonly found: readonly { readonly name: string; readonly value: T }[];
  /** Paths of documents that cannot be read. */
  readonly broken: readonly string[];
}

export async function listKept<T>(store: Store, kind: Kind<T>): Promise<KeptList<T>> {
  const found: { name: string; value: T }[] = [];
  const broken: string[] = [];
  for (const read of await store.documents.list(kind.collection)) {
    if (read.status === 'broken') broken.push(read.path);
    else if (read.status === 'ok' && kind.is(read.value)) found.push({ name: read.name, value: read.value });
    else if (read.status === 'ok') broken.push(read.name);
  }
  return { found, broken };
}

/** Whether a value is an object in which the named fields have the named types. */
export function hasFields(
  value: unknown,
  fields: Readonly<Record<string, 'string' | 'number' | 'array' | 'object'>>,
): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const record = new Map<string, unknown>(Object.entries(value));
  return Object.entries(fields).every(([name, type]) => {
    const field = record.get(name);
    return type === 'array' ? Array.isArray(field) : typeof field === type && field !== null;
  });
}
