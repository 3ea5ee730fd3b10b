import { BLOCK_BYTES, type BlockPool } from './block-pool.js';

/** The least that is offered to a read: a TLS record and its like do not come in pieces. */
const MIN_ROOM_BYTES = BLOCK_BYTES / 4;

/**
 * The memory of one connection. Reads land behind one another in a block; what they brought is taken from its front. Bytes that were
 * lent out stay as they are until they are returned, though reads go on.
 */
export class Intake {
  readonly #pool: BlockPool;
  #block: Buffer;
  /** What lies between is not taken yet. */
  #start = 0;
  #end = 0;
  #lent: Buffer | undefined;

  constructor(pool: BlockPool) {
    this.#pool = pool;
    this.#block = pool.lend();
  }

  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /** Where the next read goes. It must have landed, or never come, before the one after it is asked for. */
  room(): Buffer {
    if (this.#start === this.#end && this.#lent !== this.#block) this.#start = this.#end = 0;
    if (this.#block.length - this.#end < MIN_ROOM_BYTES) this.#makeRoom();
    return this.#block.subarray(this.#end);
  }

  landed(bytes: number): void {
    this.#end += bytes;
  }

  /** What came and was not taken, valid until the next call of `room`. */
  pending(): Buffer {
    return this.#block.subarray(this.#start, this.#end);
  }

  skip(bytes: number): void {
    this.#start += bytes;
  }

  /** What was taken last is to stay until `returned`. */
  lend(): void {
    this.#lent = this.#block;
  }

  returned(): void {
    const lent = this.#lent;
    this.#lent = undefined;
    if (lent !== undefined && lent !== this.#block) this.#pool.giveBack(lent);
  }

  /** The connection is gone: nothing will land any more. */
  dispose(): void {
    this.returned();
    this.#pool.giveBack(this.#block);
    this.#block = Buffer.alloc(0);
    this.#start = this.#end = 0;
  }

  #makeRoom(): void {
    const from = this.pending();
    const isFree = this.#lent !== this.#block;
    const fits = from.length + MIN_ROOM_BYTES <= BLOCK_BYTES;
    // More than a block comes only behind a pause that the other side of a TLS connection did not see.
    const block = !fits
      ? Buffer.allocUnsafeSlow(2 * from.length + BLOCK_BYTES)
      : isFree
        ? this.#block
        : this.#pool.lend();
    from.copy(block);
    if (isFree && block !== this.#block) this.#pool.giveBack(this.#block);
    this.#block = block;
    this.#start = 0;
    this.#end = from.length;
  }
}
