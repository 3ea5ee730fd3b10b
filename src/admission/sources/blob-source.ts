import { readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { sourceOfBuffer, sourceOfFile } from '../../scan/index.js';
import type { Opened } from '../evidence/scanner.js';

/** Shorter files are read at once: one call instead of several. */
const AT_ONCE_BYTES = 1024 * 1024;

/** Of files that came a moment ago, and so are in memory, these are read where it is asked: handing the calls to a thread takes ten times as long as they do. */
const IN_PLACE_BYTES = 64 * 1024;

/** A file that has just been written, for a scan. */
export async function openArrived(path: string, sizeBytes: number): Promise<Opened> {
  if (sizeBytes > IN_PLACE_BYTES) return openFile(path, sizeBytes);
  return { bytes: sourceOfBuffer(readFileSync(path)), close: () => Promise.resolve() };
}

/** A file on disk, for a scan. */
export async function openFile(path: string, sizeBytes: number): Promise<Opened> {
  if (sizeBytes <= AT_ONCE_BYTES)
    return { bytes: sourceOfBuffer(await readFile(path)), close: () => Promise.resolve() };
  const file = await open(path, 'r');
  return { bytes: sourceOfFile(file, sizeBytes), close: () => file.close() };
}
