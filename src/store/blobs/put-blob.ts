import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SluiceError } from '../../base/index.js';
import { syncFolder } from '../files/sync-folder.js';
import { inFolder, writeAtomic } from '../files/write-atomic.js';
import type { Layout } from '../layout.js';
import type { BlobProof } from '../port.js';
import { writeAliases } from './aliases.js';
import { blobStat, blobState } from './blob-state.js';
import { stampedFile, writeStamp, type Stamp, type StampedFile } from './stamps.js';

/** Nobody, nor a program that a person runs, should write into a blob: every view may share its bytes. */
export const BLOB_MODE = 0o444;

/**
 * Bytes that are proven in memory become a blob. One that is there already, proven, wins. `syncName` is given the folder whose new name
 * is to become durable; the bytes are so before they have it.
 */
export async function putBytes(
  layout: Layout,
  bytes: Uint8Array,
  proof: BlobProof,
  syncName: (folder: string) => Promise<void> = syncFolder,
): Promise<void> {
  if (bytes.length !== proof.sizeBytes) throw unlike(layout, proof, bytes.length);
  if ((await blobState(layout, proof.sha256)) === 'proven') return addNames(layout, proof);
  let file: StampedFile | undefined;
  const blob = layout.blob(proof.sha256);
  await writeAtomic(blob, bytes, {
    tmp: layout.tmp,
    mode: BLOB_MODE,
    sync: 'file',
    beforeRename: async (written) => {
      file = stampedFile(await written.stat());
    },
  });
  await syncName(dirname(blob));
  await record(layout, proof, file);
}

/** A proven file on the store's file system becomes a blob; it leaves its place. */
export async function putFile(layout: Layout, path: string, proof: BlobProof): Promise<void> {
  const target = layout.blob(proof.sha256);
  const handle = await open(path, 'r+');
  let file: StampedFile;
  try {
    const { size } = await handle.stat();
    if (size !== proof.sizeBytes) throw unlike(layout, proof, size);
    await handle.chmod(BLOB_MODE);
    await handle.sync();
    file = stampedFile(await handle.stat({ bigint: true }));
  } finally {
    await handle.close();
  }
  if ((await blobState(layout, proof.sha256)) === 'proven') {
    await rm(path, { force: true });
    return addNames(layout, proof);
  }
  await inFolder(dirname(target), () => rename(path, target));
  await syncFolder(dirname(target));
  await record(layout, proof, file);
}

/** The same content from another hub may have been proven against another digest, by which it is looked for next time. */
async function addNames(layout: Layout, { sha256, sizeBytes, digests }: BlobProof): Promise<void> {
  await writeAliases(layout, sha256, sizeBytes, digests);
}

const STAMP_TRIES = 10;

/**
 * Stamps what stands at the blob's name. Two processes may bring the same content at once: the name then leads to the file of one and
 * the stamp to that of the other, until the later of them has looked.
 */
async function record(layout: Layout, proof: BlobProof, file: StampedFile | undefined): Promise<void> {
  let stamp: Stamp = file === undefined ? { proof } : { proof, file };
  for (let tries = 0; tries < STAMP_TRIES; tries += 1) {
    await writeStamp(layout, stamp);
    if (tries === 0) await addNames(layout, proof);
    const found = await blobStat(layout, proof.sha256);
    // Our file, even if its size or times changed since: then it was written to, and stays unproven.
    if (found === undefined || String(found.ino) === stamp.file?.inode) return;
    stamp = { proof, file: stampedFile(found) };
  }
}

function unlike(layout: Layout, proof: BlobProof, actual: number): SluiceError {
  const path = layout.blob(proof.sha256);
  return new SluiceError('INTERNAL', { reason: `proof of ${proof.sizeBytes} bytes for a file of ${actual}`, path });
}
