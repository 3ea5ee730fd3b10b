import { open } from 'node:fs/promises';
import { RangeSource, type Revision } from '../../admission/index.js';
import type { HeldFile } from '../holdings.js';
import type { Prepared } from '../prepare.js';
import type { OpenWires } from '../wires.js';

/** Facts of a revision are read from the store, and what is not wanted itself (a card, a licence) where it stands. */
export function factsOf(
  { manifest, store, origins }: Prepared,
  held: readonly HeldFile[],
  wires: OpenWires,
  signal: AbortSignal,
): Revision['facts'] {
  const digests = new Map(held.map(({ path, sha256 }) => [path, sha256]));
  return {
    paths: manifest.files.map(({ path }) => path),
    read: async (path, mostBytes) => {
      const file = manifest.files.find((each) => each.path === path);
      const sha256 = digests.get(path);
      if (sha256 !== undefined) return start(store.blobPath(sha256), mostBytes);
      const [origin] = origins;
      if (origin === undefined || file?.sizeBytes === undefined) return undefined;
      const { sizeBytes } = file;
      const source = origin.source(manifest.pinned, file);
      const bytes = new RangeSource({ source, sizeBytes, wires, mostBytes, signal });
      try {
        return { bytes: await bytes.read(0, Math.min(sizeBytes, mostBytes)), sizeBytes };
      } catch {
        signal.throwIfAborted();
        return undefined;
      }
    },
  };
}

async function start(path: string, mostBytes: number): Promise<{ bytes: Buffer; sizeBytes: number }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(size, mostBytes)),
      0,
      Math.min(size, mostBytes),
      0,
    );
    return { bytes: buffer.subarray(0, bytesRead), sizeBytes: size };
  } finally {
    await file.close();
  }
}
