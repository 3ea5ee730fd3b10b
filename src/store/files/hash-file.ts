import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { SluiceError, type Digests } from '../../base/index.js';
import { crc32, crcHex } from '../../proof/index.js';
import type { BlobProof } from '../port.js';

const BUFFER_BYTES = 1024 * 1024;
/** Larger files are LFS files, which nobody looks for by git id. */
const GIT_ID_MAX_BYTES = 16 * 1024 * 1024;

/** Asked between steps: whether to end. An `AbortSignal` is one, and so is what another thread can set. */
export interface StopSign {
  readonly aborted: boolean;
}

export interface HashedFile {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly digests: Digests;
  /** As the file was when its last byte was read. */
  readonly stat: BigIntStats;
  readonly pieces?: NonNullable<BlobProof['pieces']>;
}

/**
 * Reads the whole file. Computes the git id too while the file is small, and the CRC-32 of pieces where `pieceBytes` (a multiple of 1 MiB) is given.
 * @throws SluiceError INTERRUPTED, and system errors
 */
export async function hashFile(path: string, signal?: StopSign, pieceBytes?: number): Promise<HashedFile> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const sha256 = createHash('sha256');
    const git = size <= GIT_ID_MAX_BYTES ? createHash('sha1').update(`blob ${size}\0`) : undefined;
    const crcs = pieceBytes === undefined ? undefined : new PieceCrcs(pieceBytes);
    const takers = [sha256, git, crcs].filter((taker) => taker !== undefined);
    const sizeBytes = await readAll(handle, takers, signal);
    const hex = sha256.digest('hex');
    const gitSha1 = git !== undefined && sizeBytes === size ? git.digest('hex') : undefined;
    const digests = { sha256: hex, ...(gitSha1 === undefined ? {} : { gitSha1 }) };
    const stat = await handle.stat({ bigint: true });
    return { sha256: hex, sizeBytes, digests, stat, ...(crcs === undefined ? {} : { pieces: crcs.end() }) };
  } finally {
    await handle.close();
  }
}

async function readAll(
  handle: Awaited<ReturnType<typeof open>>,
  takers: readonly Taker[],
  signal: StopSign | undefined,
): Promise<number> {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let total = 0;
  for (;;) {
    if (signal?.aborted === true) throw new SluiceError('INTERRUPTED');
    const { bytesRead } = await handle.read(buffer, 0, BUFFER_BYTES, total);
    if (bytesRead === 0) return total;
    for (const taker of takers) taker.update(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
}

interface Taker {
  update(bytes: Uint8Array): unknown;
}

/** The CRC-32 of each piece of what is told in order. */
class PieceCrcs implements Taker {
  readonly #pieceBytes: number;
  readonly #digests: string[] = [];
  #crc = 0;
  #filled = 0;

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#pieceBytes - this.#filled);
      this.#crc = crc32(part, this.#crc);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#pieceBytes) this.#next();
    }
  }

  end(): NonNullable<BlobProof['pieces']> {
    if (this.#filled > 0) this.#next();
    return { pieceBytes: this.#pieceBytes, digests: this.#digests };
  }

  #next(): void {
    this.#digests.push(crcHex(this.#crc));
    this.#crc = 0;
    this.#filled = 0;
  }
}
