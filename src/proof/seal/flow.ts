import type { FileHandle } from 'node:fs/promises';

/** So many reads or writes are under way at once: with fewer, the calls' way to Node's threads and back is waited for. */
const AT_ONCE = 4;
/** So much may be written before the disk is told to begin. */
const FLUSH_BYTES = 32 * 2 ** 20;

/**
 * The bytes of a file from its start, in order, in steps of `stepBytes`, a few steps ahead of whoever takes them. What is given is good until the next is asked for: its memory is used again.
 * Rejects when the file ends before `sizeBytes`.
 */
export async function* readInOrder(file: FileHandle, sizeBytes: number, stepBytes: number): AsyncGenerator<Buffer> {
  const count = Math.ceil(sizeBytes / stepBytes);
  const buffers = Array.from({ length: Math.min(AT_ONCE, count) }, () =>
    Buffer.allocUnsafe(Math.min(stepBytes, sizeBytes)),
  );
  const reads = new Map<number, Promise<Buffer>>();
  const begin = (index: number): void => {
    const buffer = buffers[index % AT_ONCE];
    if (index >= count || buffer === undefined) return;
    const read = fillFrom(
      file,
      index * stepBytes,
      buffer.subarray(0, Math.min(stepBytes, sizeBytes - index * stepBytes)),
    );
    read.catch(() => undefined);
    reads.set(index, read);
  };
  for (let index = 0; index < AT_ONCE; index += 1) begin(index);
  try {
    for (let index = 0; index < count; index += 1) {
      const bytes = await reads.get(index);
      reads.delete(index);
      if (bytes !== undefined) yield bytes;
      begin(index + AT_ONCE);
    }
  } finally {
    // The file is closed after this.
    await Promise.allSettled(reads.values());
  }
}

async function fillFrom(file: FileHandle, offset: number, buffer: Buffer): Promise<Buffer> {
  for (let done = 0; done < buffer.length;) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, offset + done);
    if (bytesRead === 0) throw new Error(`the file ended at byte ${offset + done}`);
    done += bytesRead;
  }
  return buffer;
}

/** Writes that go on side by side, a few at most: the first that fails is told to whoever comes next. */
export class WritesUnderway {
  readonly #underway = new Set<Promise<void>>();
  #failed: { readonly reason: unknown } | undefined;

  /** Resolves when there is room for another. Rejects when one failed. */
  async add(write: () => Promise<void>): Promise<void> {
    while (this.#underway.size >= AT_ONCE && this.#failed === undefined) await Promise.race(this.#underway);
    this.#rethrow();
    const writing: Promise<void> = write()
      .catch((thrown: unknown) => {
        this.#failed ??= { reason: thrown };
      })
      .finally(() => this.#underway.delete(writing));
    this.#underway.add(writing);
  }

  /** Resolves when all are written. Rejects when one failed. */
  async done(): Promise<void> {
    await Promise.all(this.#underway);
    this.#rethrow();
  }

  /** Resolves when none is under way any more, whatever became of them. */
  async settled(): Promise<void> {
    await Promise.all(this.#underway);
  }

  #rethrow(): void {
    if (this.#failed !== undefined) throw this.#failed.reason;
  }
}

/** Has the disk write while more is made: it would stand idle until the end, and then be waited for. */
export class Flusher {
  readonly #file: FileHandle;
  #waitingBytes = 0;
  #underway: Promise<void> | undefined;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  wrote(bytes: number): void {
    this.#waitingBytes += bytes;
    if (this.#waitingBytes < FLUSH_BYTES || this.#underway !== undefined) return;
    this.#waitingBytes = 0;
    const over = (): void => void (this.#underway = undefined);
    // What goes wrong here goes wrong again in the sync at the end.
    this.#underway = this.#file.datasync().then(over, over);
  }

  /** Resolves when the file may be closed. */
  async settled(): Promise<void> {
    await this.#underway;
  }
}
