import { open, readFile } from 'node:fs/promises';
import { sourceOfBuffer, sourceOfFile } from '../../scan/index.js';
import type { Opened } from '../evidence/scanner.js';

/** Shorter files are read at once: one call instead of several. */
const AT_ONCE_BYTES = 1024 * 1024;

/** A file on disk, for a scan. */
export async function openFile(path: string, sizeBytes: number): Promise<Opened> {
  if (sizeBytes <= AT_ONCE_BYTES)
    return { bytes: sourceOfBuffer(await readFile(path)), close: () => Promise.resolve() };
  const file = await open(path, 'r');
  return { bytes: sourceOfFile(file, sizeBytes), close: () => file.close() };
}
