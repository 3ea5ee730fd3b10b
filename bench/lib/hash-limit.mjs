// How long one core needs for SHA-256 over so many bytes that are in memory already. hash-limit.mjs BYTES
import { createHash } from 'node:crypto';

const BLOCK_BYTES = 2 ** 20;
const block = Buffer.alloc(16 * BLOCK_BYTES, 'sluice');
const hash = createHash('sha256');
let at = 0;
for (let left = Number(process.argv[2]); left > 0; left -= BLOCK_BYTES) {
  hash.update(block.subarray(at, at + Math.min(left, BLOCK_BYTES)));
  at = (at + BLOCK_BYTES) % block.length;
}
hash.digest();
