import { chmod, copyFile, constants, lstat, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unless } from '../files/errors.js';
import { hashFile } from '../files/hash-file.js';
import type { Layout } from '../layout.js';
import type { LeaseTiming } from '../lease/lease-timing.js';
import { tryLease } from '../lease/take-lease.js';
import { partialKey } from '../partials/partial-key.js';
import { PARTIAL_FILES } from '../partials/partial-files.js';
import { writeAliases } from './aliases.js';
import { blobStat } from './blob-state.js';
import { readStamp, stampedFile, writeStamp } from './stamps.js';

/** Hashes the blob; stamps it anew when it is right, turns it into a partial to be mended when it is wrong. */
export async function proveBlob(
  layout: Layout,
  sha256: string,
  timing: LeaseTiming,
  signal?: AbortSignal,
): Promise<'proven' | 'wrong' | 'absent'> {
  const found = await blobStat(layout, sha256);
  if (found === undefined) return 'absent';
  const known = await readStamp(layout, sha256);
  const kept = known?.file === undefined ? undefined : known.proof.pieces;
  const pieceBytes = kept === undefined ? provenPieceBytes(Number(found.size)) : undefined;
  const hashed = await unless(hashFile(layout.blob(sha256), signal, pieceBytes));
  if (hashed === undefined) return 'absent';
  if (hashed.sha256 !== sha256) {
    await demoteBlob(layout, sha256, timing);
    return 'wrong';
  }
  const digests = { ...known?.proof.digests, ...hashed.digests };
  const proof = { sha256, sizeBytes: hashed.sizeBytes, digests };
  const pieces = kept ?? hashed.pieces;
  await writeStamp(layout, {
    proof: pieces === undefined ? proof : { ...proof, pieces },
    file: stampedFile(hashed.stat),
  });
  await writeAliases(layout, sha256, hashed.sizeBytes, digests);
  return 'proven';
}

/** A stamp that fits no file: what the content must be stays known. */
export async function distrustBlob(layout: Layout, sha256: string): Promise<void> {
  const stamp = await readStamp(layout, sha256);
  if (stamp !== undefined) await writeStamp(layout, { proof: stamp.proof });
}

/** Whole, such a blob is compared as fast. */
const MOST_BYTES_WITHOUT_PIECES = 8 * 1024 * 1024;
const LEAST_PIECE_BYTES = 1024 * 1024;
const MOST_PIECE_BYTES = 64 * 1024 * 1024;
/** A stamp with more would take longer to read than the piece that is asked for. */
const MOST_PIECES = 16_384;

function provenPieceBytes(sizeBytes: number): number | undefined {
  if (sizeBytes <= MOST_BYTES_WITHOUT_PIECES) return undefined;
  let pieceBytes = LEAST_PIECE_BYTES;
  while (pieceBytes < MOST_PIECE_BYTES && sizeBytes / pieceBytes > MOST_PIECES) pieceBytes *= 2;
  return pieceBytes;
}

/**
 * Takes the name away from a blob that is wrong and leaves its bytes as a partial without journal: whoever opens that
 * partial compares its pieces with `blobProof` and fetches only those that differ. While somebody else is at that
 * partial, or it holds bytes already, the wrong ones are dropped.
 */
async function demoteBlob(layout: Layout, sha256: string, timing: LeaseTiming): Promise<void> {
  const blob = layout.blob(sha256);
  await distrustBlob(layout, sha256);
  const folder = layout.partial(partialKey({ digests: { sha256 }, sizeBytes: undefined }));
  await mkdir(folder, { recursive: true });
  const lease = await tryLease(join(folder, PARTIAL_FILES.lease), timing);
  try {
    if (lease !== undefined) await keepBytes(blob, join(folder, PARTIAL_FILES.data));
    await rm(blob, { force: true });
  } finally {
    await lease?.release();
    await unless(rmdir(folder), ['ENOENT', 'ENOTEMPTY', 'EEXIST']);
  }
}

async function keepBytes(blob: string, data: string): Promise<void> {
  if ((await unless(lstat(data))) !== undefined) return;
  const found = await unless(lstat(blob));
  if (found === undefined) return;
  if (found.nlink === 1) {
    await chmod(blob, 0o644);
    return rename(blob, data);
  }
  // Views share these bytes, perhaps because a person changed them there on purpose: mend a copy.
  try {
    await copyFile(blob, data, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await chmod(data, 0o644);
  } catch {
    // No room for a second copy: then everything is fetched again.
    await rm(data, { force: true });
  }
}
