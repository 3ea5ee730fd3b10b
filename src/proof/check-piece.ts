import { createHash } from 'node:crypto';
import { read } from 'node:fs';
import { crc32, crcHex } from './crc.js';
import { pieceAlgorithmOf } from './piece-digest.js';

/** Bytes [startByte, endByte) of a file, and the CRC-32 or SHA-256 in hex that they must have. */
export interface KnownPiece {
  readonly startByte: number;
  readonly endByte: number;
  readonly digest: string;
}

/** Short enough that nothing else waits for its digest. */
const BLOCK_BYTES = 512 * 1024;
const MOST_SPARE = 8;
const spare: Buffer[] = [];

/** Whether an open file has these bytes; a shorter one has not. Holds 512 KiB. @throws the system's error when it cannot be read */
export async function isIntact(fd: number, { startByte, endByte, digest }: KnownPiece): Promise<boolean> {
  const sha256 = pieceAlgorithmOf(digest) === 'sha256' ? createHash('sha256') : undefined;
  const block = spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  try {
    let crc = 0;
    for (let at = startByte; at < endByte;) {
      const bytesRead = await readInto(fd, block, Math.min(BLOCK_BYTES, endByte - at), at);
      if (bytesRead === 0) return false;
      const bytes = block.subarray(0, bytesRead);
      if (sha256 === undefined) crc = crc32(bytes, crc);
      else sha256.update(bytes);
      at += bytesRead;
    }
    return (sha256?.digest('hex') ?? crcHex(crc)) === digest;
  } finally {
    if (spare.length < MOST_SPARE) spare.push(block);
  }
}

function readInto(fd: number, block: Buffer, bytes: number, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, block, 0, bytes, at, (error, bytesRead) => {
      if (error === null) resolve(bytesRead);
      else reject(error);
    });
  });
}
