import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { openArrived, openFile } from './open-file.js';
import type { Opened } from './opened.js';

/** What takes longer did not come from memory, or the machine is busy. */
const QUICK_MS = 2;
/** Waited for in all. */
const MOST_WAITED_MS = 50;

/**
 * Files on disk, of which many are short: they are asked for in the caller's thread, where each call takes a tenth of the time that handing it to another
 * one does. That ends when there was some waiting for them: a disk or a network does better when it is asked for several at a time.
 */
export class LocalFiles {
  #waitedMs = 0;

  /** Whether the next file is asked for in the caller's thread. */
  get isInPlace(): boolean {
    return this.#waitedMs < MOST_WAITED_MS;
  }

  /** In bytes. Rejects with the system's errors. */
  async sizeOf(path: string): Promise<number> {
    const { size } = this.isInPlace ? this.#timed(() => statSync(path)) : await stat(path);
    return size;
  }

  /** Rejects with the system's errors. */
  open(path: string, sizeBytes: number): Promise<Opened> {
    return this.isInPlace ? this.#timed(() => openArrived(path, sizeBytes)) : openFile(path, sizeBytes);
  }

  #timed<Result>(work: () => Result): Result {
    const startedMs = performance.now();
    const result = work();
    const tookMs = performance.now() - startedMs;
    if (tookMs > QUICK_MS) this.#waitedMs += tookMs;
    return result;
  }
}
