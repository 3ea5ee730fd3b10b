import type { ZipArchive } from '../zip/archive.js';

/** What `numpy.savez` writes: nothing but arrays. */
export function isNpz({ members }: ZipArchive): boolean {
  return members.length > 0 && members.every(({ name }) => name.endsWith('.npy'));
}
