import type { BigIntStats } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Digests } from '../../base/index.js';
import { DIGEST_ALGORITHMS } from '../../base/index.js';
import { calls } from '../files/calls.js';
import { writeHint } from '../files/write-atomic.js';
import { isPieceDigest } from '../../proof/index.js';
import { isSha256, type Layout } from '../layout.js';
import type { BlobProof } from '../port.js';

/** Which state of a file on disk was proven. A stamp without it still tells what the content must be. */
export interface StampedFile {
  readonly mtimeNs: string;
  readonly inode: string;
  readonly verifiedAtMs: number;
}

export interface Stamp {
  readonly proof: BlobProof;
  readonly file?: StampedFile;
}

export function stampedFile(stat: BigIntStats): StampedFile {
  return { mtimeNs: String(stat.mtimeNs), inode: String(stat.ino), verifiedAtMs: Date.now() };
}

/** Whether the file is still the one that was proven: size, modification time and inode are as they were. */
export function stampFits(stamp: Stamp, stat: BigIntStats): boolean {
  return (
    stamp.file !== undefined &&
    BigInt(stamp.proof.sizeBytes) === stat.size &&
    stamp.file.mtimeNs === String(stat.mtimeNs) &&
    stamp.file.inode === String(stat.ino)
  );
}

/** Not synced: a stamp lost in a power cut costs one hashing of the blob. */
export async function writeStamp(layout: Layout, stamp: Stamp): Promise<void> {
  const { sha256, sizeBytes, digests, pieces } = stamp.proof;
  const content = { version: 1, sha256, sizeBytes, ...stamp.file, digests, pieces: pieces && formatPieces(pieces) };
  await writeHint(layout.stamp(sha256), JSON.stringify(content), layout.tmp);
}

/** The stamp, or undefined when there is none or it is broken. */
export async function readStamp(layout: Layout, sha256: string): Promise<Stamp | undefined> {
  const text = await calls.readFileIf(layout.stamp(sha256));
  return text === undefined ? undefined : parseStamp(text.toString('utf8'), sha256);
}

export async function removeStamp(layout: Layout, sha256: string): Promise<void> {
  await rm(layout.stamp(sha256), { force: true });
}

/** Never throws: whatever is not a stamp of this blob is no stamp. */
export function parseStamp(text: string, sha256: string): Stamp | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value.version !== 1 || value.sha256 !== sha256) return undefined;
  const { sizeBytes, mtimeNs, inode, verifiedAtMs } = value;
  if (!isCount(sizeBytes)) return undefined;
  const pieces = parsePieces(value.pieces, sizeBytes);
  const proof = {
    sha256,
    sizeBytes,
    digests: parseDigests(value.digests),
    ...(pieces === undefined ? {} : { pieces }),
  };
  const stamped = typeof mtimeNs === 'string' && typeof inode === 'string' && isCount(verifiedAtMs);
  return stamped ? { proof, file: { mtimeNs, inode, verifiedAtMs } } : { proof };
}

function parseDigests(value: unknown): Digests {
  if (!isRecord(value)) return {};
  const known = DIGEST_ALGORITHMS.flatMap((name) => {
    const hex = value[name];
    return typeof hex === 'string' && /^(?:[0-9a-f]{2})+$/.test(hex) ? [[name, hex] as const] : [];
  });
  return Object.fromEntries(known);
}

/** A list of SHA-256 alone has the name that programs before CRC-32 know. */
function formatPieces({ pieceBytes, digests }: NonNullable<BlobProof['pieces']>): object {
  return digests.every(isSha256) ? { pieceBytes, sha256: digests } : { pieceBytes, digests };
}

function parsePieces(value: unknown, sizeBytes: number): BlobProof['pieces'] {
  if (!isRecord(value)) return undefined;
  const { pieceBytes, sha256 } = value;
  const list = sha256 ?? value.digests;
  if (!isCount(pieceBytes) || pieceBytes === 0 || !Array.isArray(list)) return undefined;
  if (list.length !== Math.ceil(sizeBytes / pieceBytes)) return undefined;
  const digests = list.filter(sha256 === undefined ? isPieceDigest : isSha256Text);
  return digests.length === list.length ? { pieceBytes, digests } : undefined;
}

function isSha256Text(value: unknown): value is string {
  return typeof value === 'string' && isSha256(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
