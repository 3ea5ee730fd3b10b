import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Environment } from '../environment.js';
import { writeJournal } from '../journal/write-journal.js';
import type { TransferTask } from '../port.js';
import { openFile } from './open-file.js';
import { partialIdentity } from './partial-identity.js';

/** The first bytes of a file, shorter than the whole. */
export interface Beginning {
  readonly bytes: Buffer;
  readonly source: string;
  readonly ms: number;
  readonly retries: number;
}

/** What was put into a partial. */
export interface Seeded {
  readonly bytes: number;
  /** They are the whole first piece, rather than a part of it. */
  readonly isPiece: boolean;
  readonly source: string;
  readonly ms: number;
}

/**
 * Puts the beginning of a file into its partial, as if an earlier run had left it there, unless an earlier run did leave something:
 * undefined then. @throws SluiceError DISK_FULL among others
 */
export async function seedPartial(
  environment: Environment,
  task: TransferTask & { readonly sizeBytes: number },
  { bytes, source, ms, retries }: Beginning,
): Promise<Seeded | undefined> {
  const { store, signal, emit } = environment;
  const { path, sizeBytes } = task;
  const onWait = (holder: string): void => emit({ type: 'file.waiting', file: path, holder });
  const partial = await store.openPartial(partialIdentity(task), { signal, onWait });
  // Somebody else brought it while we waited.
  if (partial === undefined) return undefined;
  try {
    const { header, pieces, parts } = await openFile(environment, task, sizeBytes, partial);
    if (pieces.size > 0 || parts.size > 0 || header.pieceBytes < bytes.length) return undefined;
    const isPiece = header.pieceBytes === bytes.length;
    const journal = await writeJournal(partial.journalPath, { header, pieces, parts });
    try {
      await partial.allocate(sizeBytes);
      await putFirst(partial.dataPath, bytes);
      const digest = createHash('sha256').update(bytes).digest('hex');
      if (isPiece) await journal.landed({ index: 0, digest, source, atMs: Date.now(), ms, retries });
      else await journal.began({ index: 0, bytes: bytes.length, digest, source });
      return { bytes: bytes.length, isPiece, source, ms };
    } finally {
      await journal.close();
    }
  } finally {
    await partial.release();
  }
}

/** Throws away what a task left in its partial, which proved to be of another version. */
export async function dropPartial({ store, signal }: Environment, task: TransferTask): Promise<void> {
  const partial = await store.openPartial(partialIdentity(task), { signal });
  if (partial === undefined) return;
  try {
    await partial.reset();
  } finally {
    await partial.release();
  }
}

async function putFirst(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, done);
      done += bytesWritten;
    }
  } finally {
    await handle.close();
  }
}
