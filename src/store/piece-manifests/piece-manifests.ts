import { readFile } from 'node:fs/promises';
import { asSluiceErrors, unless } from '../files/errors.js';
import { writeAtomic } from '../files/write-atomic.js';
import { layoutOf } from '../layout.js';
import type { Store } from '../port.js';

/** The piece manifests of a store's blobs: what each says is its writer's. Losing one costs a hashing, so none is synced. */
export interface PieceManifestFiles {
  /** Undefined when there is none. */
  read(sha256: string): Promise<Buffer | undefined>;
  write(sha256: string, bytes: Buffer): Promise<void>;
}

/** Those beside the blobs of a store; they go with their blobs (`collect`). Everything throws SluiceErrors. */
export function pieceManifestsIn(store: Store): PieceManifestFiles {
  const layout = layoutOf(store.root);
  return {
    read: (sha256) => asSluiceErrors(() => unless(readFile(layout.pieceManifest(sha256)))),
    write: (sha256, bytes) =>
      asSluiceErrors(() => writeAtomic(layout.pieceManifest(sha256), bytes, { tmp: layout.tmp, sync: 'none' })),
  };
}
