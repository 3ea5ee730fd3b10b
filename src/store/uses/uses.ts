import { readFile, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { asSluiceErrors, unless } from '../files/errors.js';
import { writeAtomic } from '../files/write-atomic.js';
import { isSha256, layoutOf } from '../layout.js';
import type { Store } from '../port.js';

/** A blob that a mirror gives to others. */
export interface Use {
  readonly sha256: string;
  readonly lastUsedMs: number;
  /** What it was asked for as: refs without revision, sorted. */
  readonly names: readonly string[];
}

/** A blob that half a hub has under another name needs no longer list: these are for pins. */
const MOST_NAMES = 32;
const MAX_NAME_LENGTH = 300;

/**
 * Remembers that a blob was given out now, and as what: the time of a small file in `uses/` is that of its last use. What is lost with these files is only the order in
 * which blobs make room.
 */
export function noteUse(store: Store, sha256: string, name: string, nowMs: number): Promise<void> {
  return asSluiceErrors(async () => {
    const path = pathOf(store, sha256);
    const known = await namesIn(path);
    const isNew = known === undefined || (!known.includes(name) && known.length < MOST_NAMES);
    if (isNew && name.length <= MAX_NAME_LENGTH && !name.includes('\n')) {
      const names = [...new Set([...(known ?? []), name])].sort();
      await writeAtomic(path, `${names.join('\n')}\n`, { tmp: layoutOf(store.root).tmp, sync: 'none' });
    }
    await unless(utimes(path, nowMs / 1000, nowMs / 1000));
  });
}

/** What a blob was given out as; the first of them, where those are many. */
export function namesOfUse(store: Store, sha256: string): Promise<readonly string[]> {
  return asSluiceErrors(async () => (await namesIn(pathOf(store, sha256))) ?? []);
}

/** Every blob that a mirror gave out, whether it is still here or not. */
export async function* listUses(store: Store): AsyncGenerator<Use, void> {
  const { uses } = layoutOf(store.root);
  for (const fan of ((await unless(readdir(uses))) ?? []).sort()) {
    for (const file of ((await unless(readdir(join(uses, fan)))) ?? []).sort()) {
      const path = join(uses, fan, file);
      const names = isSha256(file) ? await namesIn(path) : undefined;
      const found = names === undefined ? undefined : await unless(stat(path));
      if (names !== undefined && found !== undefined) yield { sha256: file, lastUsedMs: found.mtimeMs, names };
    }
  }
}

/** The mirror gives it no longer: a collection may take it. */
export async function forgetUse(store: Store, sha256: string): Promise<void> {
  await rm(pathOf(store, sha256), { force: true });
}

function pathOf(store: Store, sha256: string): string {
  return layoutOf(store.root).use(sha256);
}

async function namesIn(path: string): Promise<readonly string[] | undefined> {
  const text = await unless(readFile(path, 'utf8'));
  return text
    ?.split('\n')
    .filter((line) => line !== '' && line.length <= MAX_NAME_LENGTH)
    .slice(0, MOST_NAMES);
}
