// A list of a file's pieces with their digests, for scenarios in which one is at hand.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf } from './data.mjs';

const PIECE_BYTES = 8 * 2 ** 20;

/** Path of a piece list as docs/FORMATS.md has it. */
export function writePieces(dir, { path, sizeBytes, sha256 }) {
  const content = contentOf(path, sizeBytes);
  const pieces = [];
  for (let at = 0; at < sizeBytes; at += PIECE_BYTES) {
    const piece = content.read(at, Math.min(PIECE_BYTES, sizeBytes - at));
    pieces.push(createHash('sha256').update(piece).digest('hex'));
  }
  const list = join(dir, 'pieces.json');
  writeFileSync(
    list,
    JSON.stringify({ pieceList: 1, files: [{ path, sizeBytes, sha256, pieceBytes: PIECE_BYTES, pieces }] }),
  );
  return list;
}
