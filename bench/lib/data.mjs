// Files to serve, made once and kept in the bench folder.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { seededContent } from '../../dist/sim/index.js';

const BLOCK_BYTES = 8 * 1024 * 1024;

/** Makes `files` (path → bytes) in `folder` with a SHA256SUMS beside them. Gives [{ path, sizeBytes, sha256 }]. */
export function makeFiles(folder, sizes) {
  const notes = `${folder}.json`;
  if (existsSync(notes)) {
    const known = JSON.parse(readFileSync(notes, 'utf8'));
    const isSame = (file) => sizes[file.path] === file.sizeBytes && sizeOf(join(folder, file.path)) === file.sizeBytes;
    if (known.length === Object.keys(sizes).length && known.every(isSame)) return known;
  }
  mkdirSync(folder, { recursive: true });
  const made = Object.entries(sizes).map(([path, sizeBytes]) => makeFile(folder, path, sizeBytes));
  writeFileSync(join(folder, 'SHA256SUMS'), made.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''));
  writeFileSync(notes, JSON.stringify(made));
  return made;
}

function makeFile(folder, path, sizeBytes) {
  const at = join(folder, path);
  mkdirSync(dirname(at), { recursive: true });
  const content = contentOf(path, sizeBytes);
  const hash = createHash('sha256');
  const fd = openSync(at, 'w');
  for (let offset = 0; offset < sizeBytes; offset += BLOCK_BYTES) {
    const block = content.read(offset, Math.min(BLOCK_BYTES, sizeBytes - offset));
    hash.update(block);
    writeSync(fd, block);
  }
  closeSync(fd);
  return { path, sizeBytes, sha256: hash.digest('hex') };
}

/** The same bytes, as the simulator serves them. */
export function contentOf(path, sizeBytes, style = 'random') {
  return seededContent({ seed: path, sizeBytes, style });
}

/** Reads everything once, so that the origin serves from memory. */
export function warm(folder, files) {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (const { path, sizeBytes } of files) {
    const fd = openSync(join(folder, path), 'r');
    for (let at = 0; at < sizeBytes; at += BLOCK_BYTES) readSync(fd, block, 0, BLOCK_BYTES, at);
    closeSync(fd);
  }
}

function sizeOf(path) {
  return existsSync(path) ? statSync(path).size : undefined;
}
