import { dirname } from 'node:path';
import type { Digests } from '../../base/index.js';
import { proveBytes, type Verdict } from '../../proof/index.js';
import { workInPlace } from '../files/calls.js';
import { syncFolder } from '../files/sync-folder.js';
import { lookFor, type Looked, type Wanted } from './look.js';
import { layoutOf, type Layout } from '../layout.js';
import { putBytes } from './put-blob.js';

/** Makes blobs of bytes in memory, in whichever thread. */
export interface BlobMaker {
  /** What bytes are, against what was promised. */
  prove(bytes: Uint8Array, promised: Digests): Verdict;
  /** Makes them a blob. Its name is durable only after `sync`, the bytes under it at once. @throws the system's errors */
  put(bytes: Uint8Array, verdict: Verdict): Promise<void>;
  /**
   * Makes the names of these blobs durable, of whichever maker; without a list, of all that this one put. Many share a folder, so this is done once
   * for all of them. @throws the system's errors
   */
  sync(sha256s?: readonly string[]): Promise<void>;
  /** What is here; nothing is hashed. */
  look(wanted: Wanted): Promise<Looked>;
}

export function blobMakerAt(layout: Layout): BlobMaker {
  const renamed = new Set<string>();
  const syncLater = (folder: string): Promise<void> => {
    renamed.add(folder);
    return Promise.resolve();
  };
  return {
    prove: proveBytes,
    put: (bytes, { sha256, sizeBytes, digests }) => putBytes(layout, bytes, { sha256, sizeBytes, digests }, syncLater),
    sync: async (sha256s) => {
      const folders = new Set(sha256s?.map((sha256) => dirname(layout.blob(sha256))) ?? renamed);
      renamed.clear();
      // The folders may be new themselves.
      if (folders.size > 0) await Promise.all([...folders, layout.blobs].map(syncFolder));
    },
    look: (wanted) => lookFor(layout, wanted),
  };
}

export interface BlobMakerOptions {
  /** The thread does nothing else: its file calls are made in place instead of going to Node's pool. */
  readonly ownsThread: boolean;
}

/** For a store that is there already. */
export function openBlobMaker(root: string, { ownsThread }: BlobMakerOptions): BlobMaker {
  if (ownsThread) workInPlace();
  return blobMakerAt(layoutOf(root));
}
