import type { FileHandle } from 'node:fs/promises';
import { toSluiceError, type SluiceError } from '../../base/index.js';
import { WRITE_BLOCK_BYTES } from '../limits.js';

/** Lends blocks of memory to writers; what comes back is lent again. */
export class BlockPool {
  readonly #free: Buffer[] = [];

  lend(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(WRITE_BLOCK_BYTES);
  }

  giveBack(block: Buffer): void {
    this.#free.push(block);
  }
}

/**
 * Gathers small chunks that follow one another into large positional writes. One block fills while the other is being
 * written; only when both are full does `write` make the caller wait.
 */
export class BlockWriter {
  readonly #handle: FileHandle;
  readonly #pool: BlockPool;
  #block: Buffer | undefined;
  #filledBytes = 0;
  #offset = 0;
  #writing: Promise<void> | undefined;
  #failure: SluiceError | undefined;
  #isDiscarded = false;

  constructor(handle: FileHandle, pool: BlockPool) {
    this.#handle = handle;
    this.#pool = pool;
  }

  /** Takes a copy of the chunk. A promise holds the caller back. Positions must follow one another between flushes. */
  write(chunk: Uint8Array, position: number): Promise<void> | undefined {
    if (this.#isDiscarded) return undefined;
    if (this.#filledBytes === 0) this.#offset = position;
    let rest = chunk;
    this.#block ??= this.#pool.lend();
    const room = this.#block.length - this.#filledBytes;
    if (rest.length < room) {
      this.#keep(rest);
      return undefined;
    }
    this.#keep(rest.subarray(0, room));
    rest = rest.subarray(room);
    const isBusy = this.#writing !== undefined;
    const written = this.#send();
    if (!isBusy && rest.length < WRITE_BLOCK_BYTES) {
      // A failure that it meets is kept, and met again by the next call.
      written.catch(() => undefined);
      if (rest.length > 0) void this.write(rest, this.#offset);
      return undefined;
    }
    return written.then(() => (rest.length > 0 ? this.write(rest, this.#offset) : undefined));
  }

  /** Ends when everything that was given is with the kernel. */
  async flush(): Promise<void> {
    if (this.#filledBytes > 0) await this.#send();
    await this.#writing;
    this.#check();
  }

  /** Ends when no write is under way any more; what was not yet written is forgotten. */
  async discard(): Promise<void> {
    this.#isDiscarded = true;
    if (this.#block !== undefined) this.#pool.giveBack(this.#block);
    this.#block = undefined;
    this.#filledBytes = 0;
    await this.#writing;
  }

  #keep(bytes: Uint8Array): void {
    this.#block?.set(bytes, this.#filledBytes);
    this.#filledBytes += bytes.length;
  }

  /** Hands the filled block to the kernel, after the one before it. Ends when the one before it is written. */
  async #send(): Promise<void> {
    const block = this.#block;
    if (block === undefined) return;
    const bytes = this.#filledBytes;
    const offset = this.#offset;
    const before = this.#writing;
    this.#block = undefined;
    this.#filledBytes = 0;
    this.#offset = offset + bytes;
    const own = this.#put(block, bytes, offset, before);
    this.#writing = own;
    void own.then(() => {
      if (this.#writing === own) this.#writing = undefined;
    });
    await before;
    this.#check();
  }

  /** Never rejects: a failure is kept for the next call, which may be a while. */
  async #put(block: Buffer, bytes: number, offset: number, before: Promise<void> | undefined): Promise<void> {
    await before;
    try {
      for (let done = 0; done < bytes && this.#failure === undefined;) {
        const { bytesWritten } = await this.#handle.write(block, done, bytes - done, offset + done);
        done += bytesWritten;
      }
    } catch (thrown) {
      this.#failure ??= toSluiceError(thrown);
    } finally {
      this.#pool.giveBack(block);
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
