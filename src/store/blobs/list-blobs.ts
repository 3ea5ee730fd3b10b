import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unless } from '../files/errors.js';
import { isSha256, layoutOf } from '../layout.js';
import type { Store } from '../port.js';
import { blobStat } from './blob-state.js';

export interface ListedBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Names that share its bytes outside of the store: hard links of views. */
  readonly otherLinks: number;
  readonly modifiedAtMs: number;
}

/** Every blob of the store, in order. What else lies among them is passed over. */
export async function* listBlobs(store: Store): AsyncGenerator<ListedBlob, void> {
  const layout = layoutOf(store.root);
  for (const fan of ((await unless(readdir(layout.blobs))) ?? []).sort()) {
    for (const sha256 of ((await unless(readdir(join(layout.blobs, fan)))) ?? []).sort()) {
      if (!isSha256(sha256) || !sha256.startsWith(fan)) continue;
      const found = await blobStat(layout, sha256);
      if (found === undefined) continue;
      yield {
        sha256,
        sizeBytes: Number(found.size),
        otherLinks: Math.max(0, Number(found.nlink) - 1),
        modifiedAtMs: Number(found.mtimeMs),
      };
    }
  }
}
