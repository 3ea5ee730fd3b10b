import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { blobStat } from '../blobs/blob-state.js';
import { asSluiceErrors, unless } from '../files/errors.js';
import { filesBelow } from '../files/files-below.js';
import { writeAtomic } from '../files/write-atomic.js';
import { isSha256, layoutOf } from '../layout.js';
import type { Store } from '../port.js';

/** The chunk lists of a store: what each says is its writer's. Losing one costs only bytes that are fetched again, so none is synced. */
export interface ChunkLists {
  /** SHA-256 of every blob that has, or had, one. */
  names(): Promise<readonly string[]>;
  /** The first bytes of one, or all of it; undefined when there is none. */
  read(sha256: string, lengthBytes?: number): Promise<Buffer | undefined>;
  write(sha256: string, bytes: Buffer): Promise<void>;
  /** Of the blob; undefined when it is not here any more. */
  contentPath(sha256: string): Promise<string | undefined>;
}

/** Those beside the blobs of a store; they go with their blobs (`collect`). Everything throws SluiceErrors. */
export function chunkListsIn(store: Store): ChunkLists {
  const layout = layoutOf(store.root);
  return {
    names: () =>
      asSluiceErrors(async () => (await filesBelow(layout.chunkLists)).map((path) => basename(path)).filter(isSha256)),
    read: (sha256, lengthBytes) => asSluiceErrors(() => unless(readStart(layout.chunkList(sha256), lengthBytes))),
    write: (sha256, bytes) =>
      asSluiceErrors(() => writeAtomic(layout.chunkList(sha256), bytes, { tmp: layout.tmp, sync: 'none' })),
    contentPath: (sha256) =>
      asSluiceErrors(async () => ((await blobStat(layout, sha256)) === undefined ? undefined : layout.blob(sha256))),
  };
}

async function readStart(path: string, lengthBytes: number | undefined): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    if (lengthBytes === undefined) return await handle.readFile();
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
