import { SMALL_FILE_BYTES } from '../limits.js';

/** How many are made at once: memory is only taken where bytes are written. */
const AT_ONCE = 16;

/** Memory in pieces that take one small file each. Used again, the last one first. */
export class SmallBuffers {
  readonly #most: number;
  readonly #isShared: boolean;
  readonly #free: Buffer[] = [];
  readonly #waiters: ((buffer: Buffer) => void)[] = [];
  #made = 0;

  /**
   * @param most small files that are held in memory at the same time, on their way here or into the store
   * @param isShared whether other threads are to see it; V8 copies into such memory at half the speed
   */
  constructor(most: number, isShared: boolean) {
    this.#most = most;
    this.#isShared = isShared;
  }

  /** Waits while all are lent. @throws what the signal was aborted with */
  async lend(signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    if (this.#free.length === 0 && this.#made < this.#most) this.#make();
    const free = this.#free.pop();
    if (free !== undefined) return free;
    return new Promise((resolve, reject) => {
      const give = (buffer: Buffer): void => {
        signal.removeEventListener('abort', leave);
        resolve(buffer);
      };
      const leave = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(give), 1);
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.push(give);
    });
  }

  giveBack(buffer: Buffer): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#free.push(buffer);
    else waiter(buffer);
  }

  #make(): void {
    const count = Math.min(AT_ONCE, this.#most - this.#made);
    const bytes = count * SMALL_FILE_BYTES;
    const memory = this.#isShared ? Buffer.from(new SharedArrayBuffer(bytes)) : Buffer.allocUnsafeSlow(bytes);
    for (let at = bytes - SMALL_FILE_BYTES; at >= 0; at -= SMALL_FILE_BYTES)
      this.#free.push(memory.subarray(at, at + SMALL_FILE_BYTES));
    this.#made += count;
  }
}
