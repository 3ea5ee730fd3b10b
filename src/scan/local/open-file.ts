import { open, readFile } from 'node:fs/promises';
import { sourceOfBuffer, sourceOfFile } from '../sources.js';
import type { Opened } from './opened.js';
import { IN_PLACE_BYTES, readInPlace } from './read-in-place.js';

/** Shorter files are read at once: one call instead of several. */
const AT_ONCE_BYTES = 1024 * 1024;

/**
 * A file that has just been written, for a scan. It is in memory then, and a small one is read where it is asked: handing the calls to a thread takes ten
 * times as long as they do.
 */
export async function openArrived(path: string, sizeBytes: number): Promise<Opened> {
  const arrived = sizeBytes > IN_PLACE_BYTES ? undefined : readInPlace(path);
  return arrived ?? openFile(path, sizeBytes);
}

/** A file on disk, for a scan. */
export async function openFile(path: string, sizeBytes: number): Promise<Opened> {
  if (sizeBytes <= AT_ONCE_BYTES)
    return { bytes: sourceOfBuffer(await readFile(path)), close: () => Promise.resolve() };
  const file = await open(path, 'r');
  return { bytes: sourceOfFile(file, sizeBytes), close: () => file.close() };
}
