import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ChunkLibrary, type ChunkListFiles } from '../chunk-library.js';

/** Chunk lists in memory, about files in a folder that goes with the test. */
export interface Lists extends ChunkListFiles {
  readonly kept: Map<string, Buffer>;
  /** Puts content there; gives its path. */
  hold(name: string, content: Uint8Array): string;
  /** As another process would open it. */
  open(): ChunkLibrary;
  /** How often a list was read, or its beginning. */
  reads: number;
}

export function testLists(): Lists {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lists-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const kept = new Map<string, Buffer>();
  const paths = new Map<string, string>();
  const lists: Lists = {
    kept,
    reads: 0,
    hold: (name, content) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      paths.set(name, path);
      return path;
    },
    open: () => new ChunkLibrary(lists),
    names: () => Promise.resolve([...kept.keys()]),
    read: (name, lengthBytes) => {
      lists.reads += 1;
      return Promise.resolve(kept.get(name)?.subarray(0, lengthBytes));
    },
    write: (name, bytes) => {
      kept.set(name, bytes);
      return Promise.resolve();
    },
    contentPath: (name) => Promise.resolve(paths.get(name)),
  };
  return lists;
}
