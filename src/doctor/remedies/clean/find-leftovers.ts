import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { openFiles } from './open-files.js';

/** What a download of another tool left behind: files that mean something only together. */
export interface Leftover {
  readonly tool: 'huggingface_hub' | 'modelscope' | 'aria2';
  readonly paths: readonly string[];
  readonly bytes: number;
  /** When the last of them was written, Unix milliseconds. */
  readonly usedAtMs: number;
}

export interface LeftoverPlaces {
  readonly hfCache: string;
  /** Every root that ModelScope's clients use. */
  readonly msCaches: readonly string[];
}

/** As long as our own partials are kept. */
const STALE_MS = 14 * 86_400_000;

/** Largest first; nothing that was touched within two weeks, and nothing that a process has open. */
export async function findLeftovers(
  { hfCache, msCaches }: LeftoverPlaces,
  nowMs: number,
  findOpen: typeof openFiles = openFiles,
): Promise<readonly Leftover[]> {
  const open = await findOpen();
  const found = new Map<string, Leftover>();
  for (const root of new Set([hfCache, ...msCaches])) {
    for await (const { folder, names } of foldersBelow(root)) {
      for (const name of names) {
        const unit = unitOf(folder, name, names, root === hfCache);
        if (unit === undefined || found.has(unit.paths[0] ?? '')) continue;
        const leftover = await describe(unit, nowMs, open);
        if (leftover !== undefined) found.set(leftover.paths[0] ?? '', leftover);
      }
    }
  }
  return [...found.values()].sort((one, other) => other.bytes - one.bytes);
}

type Unit = Pick<Leftover, 'tool' | 'paths'>;

/** Names that only downloads under way have; a file of any other name is somebody's. */
function unitOf(folder: string, name: string, names: ReadonlySet<string>, isHf: boolean): Unit | undefined {
  const path = join(folder, name);
  if (name.endsWith('.aria2')) {
    const target = name.slice(0, -'.aria2'.length);
    return names.has(target) ? { tool: 'aria2', paths: [join(folder, target), path] } : undefined;
  }
  if (isHf) {
    const isBlob = /\/(?:models|datasets|spaces)--[^/]+\/blobs$/.test(folder);
    const isBegun = /^(?:[0-9a-f]{64}|[0-9a-f]{40})(?:\.[0-9a-f]{8})?\.incomplete$/.test(name);
    return isBlob && isBegun ? { tool: 'huggingface_hub', paths: [path] } : undefined;
  }
  const isTemporary = /\/(?:models|datasets)\/\._____temp\//.test(`${folder}/`);
  const isBegun = `${folder}/`.includes('/snapshots/') && name.endsWith('.incomplete');
  // What aria2 works on there is its own unit.
  if ((isTemporary && !names.has(`${name}.aria2`)) || isBegun) return { tool: 'modelscope', paths: [path] };
  return undefined;
}

async function describe(
  { tool, paths }: Unit,
  nowMs: number,
  open: ReadonlySet<string> | undefined,
): Promise<Leftover | undefined> {
  let [bytes, usedAtMs] = [0, 0];
  for (const path of paths) {
    const found = await lstat(path).catch(() => undefined);
    // With other links it is somebody's file, whatever it is called.
    if (found?.isFile() !== true || found.nlink > 1) return undefined;
    const real = await realpath(path).catch(() => path);
    if (open?.has(real) === true) return undefined;
    bytes += found.blocks > 0 ? Math.min(found.size, found.blocks * 512) : found.size;
    usedAtMs = Math.max(usedAtMs, found.mtimeMs, found.ctimeMs);
  }
  return nowMs - usedAtMs >= STALE_MS ? { tool, paths, bytes, usedAtMs } : undefined;
}

/** Links are not followed: they may lead anywhere. Folders that may not be read have nothing for us. */
async function* foldersBelow(root: string): AsyncGenerator<{ folder: string; names: ReadonlySet<string> }> {
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) waiting.push(join(folder, entry.name));
    yield { folder, names: new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name)) };
  }
}
