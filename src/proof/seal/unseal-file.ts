import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { bytesOf, writeExactly } from './bytes.js';
import { brokenSeal } from './errors.js';
import { Flusher, WritesUnderway } from './flow.js';
import { openSealed, type OpenedSeal } from './open-sealed.js';
import { placeFile } from './place-file.js';
import type { SealKey } from './keys.js';

export interface UnsealOptions {
  readonly keys: readonly SealKey[];
  readonly replace?: boolean;
  readonly signal?: AbortSignal;
  /** Told how far it is, in bytes of plaintext. */
  readonly progress?: (doneBytes: number) => void;
}

/**
 * Makes the plain file of a sealed one. It is its owner's alone, and gets its name when every chunk passed its tag and the whole its SHA-256. Holds a few chunks.
 * @throws SluiceError WRONG_KEY, BROKEN_SEAL, VIEW_OBSTRUCTED, FILE_SYSTEM; the signal's reason
 */
export async function unsealFile(
  path: string,
  to: string,
  { keys, replace = false, signal, progress }: UnsealOptions,
): Promise<{ readonly plainSha256: string; readonly sizeBytes: number }> {
  const file = await open(path, 'r');
  try {
    const opened = await openSealed(await bytesOf(file), { keys, name: path, ...(signal ? { signal } : {}) });
    await placeFile(to, { replace, mode: 0o600 }, (out) => {
      const flusher = new Flusher(out);
      const write = async (bytes: Buffer, at: number): Promise<void> => {
        await writeExactly(out, [bytes], at);
        flusher.wrote(bytes.length);
      };
      return writeOpened(opened, write, path, progress).finally(() => flusher.settled());
    });
    return { plainSha256: opened.header.plainSha256, sizeBytes: opened.sizeBytes };
  } finally {
    await file.close();
  }
}

/** Gives the plaintext to be written, in order, a few pieces at a time. @throws SluiceError BROKEN_SEAL: what was written then is not to be used */
export async function writeOpened(
  opened: OpenedSeal,
  write: (bytes: Buffer, at: number) => Promise<void>,
  name: string,
  progress?: (doneBytes: number) => void,
): Promise<void> {
  const { header } = opened;
  const hash = createHash('sha256');
  let at = 0;
  const writes = new WritesUnderway();
  try {
    for await (const plain of opened.chunks()) {
      const offset = at;
      await writes.add(() => write(plain, offset));
      // Hashed while it is written.
      hash.update(plain);
      at += plain.length;
      progress?.(at);
    }
    await writes.done();
  } finally {
    await writes.settled();
  }
  if (at !== header.size || hash.digest('hex') !== header.plainSha256)
    throw brokenSeal(name, 'what it holds does not have the SHA-256 that its header tells');
}
