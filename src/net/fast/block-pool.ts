/** What one read of a connection may bring, and what it holds of its body at most while its sink keeps up. */
export const BLOCK_BYTES = 256 * 1024;

/** Blocks kept for the next connection. */
const MAX_FREE = 32;

/** Memory that connections read into. A block that comes back must not be written to by anybody any more. */
export class BlockPool {
  readonly #free: Buffer[] = [];

  lend(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  giveBack(block: Buffer): void {
    if (block.length === BLOCK_BYTES && this.#free.length < MAX_FREE) this.#free.push(block);
  }
}
