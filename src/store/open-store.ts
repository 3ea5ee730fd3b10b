import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { SluiceError } from '../base/index.js';
import { readAlias } from './blobs/aliases.js';
import { blobState, blobStat } from './blobs/blob-state.js';
import { distrustBlob, proveBlob } from './blobs/prove-blob.js';
import { putBytes } from './blobs/put-blob.js';
import { readStamp } from './blobs/stamps.js';
import { documentsIn } from './documents/documents.js';
import { asSluiceErrors, unless } from './files/errors.js';
import { writeAtomic } from './files/write-atomic.js';
import { layoutOf, type Layout } from './layout.js';
import { LEASE_TIMING, type LeaseTiming } from './lease/lease-timing.js';
import { freeBytesAt } from './partials/allocate.js';
import { openPartial } from './partials/open-partial.js';
import { PARTIAL_FILES } from './partials/partial-files.js';
import { partialKey } from './partials/partial-key.js';
import type { Store } from './port.js';

const FORMAT = 'sluice store 1\n';
const CACHEDIR_TAG = 'Signature: 8a477f597d28d172789f06886806bc55\n# Made by Sluice. https://bford.info/cachedir/\n';

export interface OpenStoreOptions {
  /** Shorter in tests. */
  readonly leaseTiming?: LeaseTiming;
}

/** The store at `root`, made when it is not there. @throws SluiceError BAD_SETTING when something else, or a newer store, stands there */
export async function openStore(root: string, options: OpenStoreOptions = {}): Promise<Store> {
  const layout = layoutOf(isAbsolute(root) ? root : resolve(root));
  await asSluiceErrors(() => prepare(layout));
  return storeAt(layout, options.leaseTiming);
}

export function storeAt(layout: Layout, timing: LeaseTiming = LEASE_TIMING): Store {
  return {
    root: layout.root,
    documents: documentsIn(layout),
    blobPath: (sha256) => layout.blob(sha256),
    blobState: (sha256) => asSluiceErrors(() => blobState(layout, sha256)),
    lookup: (digests, sizeBytes) =>
      asSluiceErrors(async () => {
        const sha256 = digests.sha256 ?? (await readAlias(layout, digests, sizeBytes));
        if (sha256 === undefined) return undefined;
        const found = await blobStat(layout, sha256);
        const fits = found !== undefined && (sizeBytes === undefined || found.size === BigInt(sizeBytes));
        return fits ? sha256 : undefined;
      }),
    blobProof: (sha256) => asSluiceErrors(async () => (await readStamp(layout, sha256))?.proof),
    proveBlob: (sha256, signal) => asSluiceErrors(() => proveBlob(layout, sha256, timing, signal)),
    distrustBlob: (sha256) => asSluiceErrors(() => distrustBlob(layout, sha256)),
    removeBlob: (sha256) => asSluiceErrors(() => rm(layout.blob(sha256), { force: true })),
    putBytes: (bytes, proof) => asSluiceErrors(() => putBytes(layout, bytes, proof)),
    openPartial: (identity, opening) => asSluiceErrors(() => openPartial(layout, identity, timing, opening)),
    journalPath: (identity) => join(layout.partial(partialKey(identity)), PARTIAL_FILES.journal),
    partialBytes: (identity) =>
      asSluiceErrors(async () => {
        const found = await unless(stat(join(layout.partial(partialKey(identity)), PARTIAL_FILES.data)));
        return found === undefined ? 0 : found.blocks * 512;
      }),
    freeBytes: () => asSluiceErrors(() => freeBytesAt(layout.root)),
  };
}

async function prepare(layout: Layout): Promise<void> {
  const format = await unless(readFile(layout.formatFile, 'utf8'));
  if (format !== undefined && format !== FORMAT) {
    const reason = 'the store there was made by another version of Sluice';
    throw new SluiceError('BAD_SETTING', { key: 'SLUICE_HOME', value: layout.root, reason });
  }
  const folders = [layout.blobs, layout.stamps, layout.aliases, layout.partials, layout.tmp, layout.documents];
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
  if (format !== undefined) return;
  await writeAtomic(layout.cachedirTag, CACHEDIR_TAG, { tmp: layout.tmp, sync: 'none' });
  await writeAtomic(layout.formatFile, FORMAT, { tmp: layout.tmp, sync: 'folder' });
}
