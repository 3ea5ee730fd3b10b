/** What one read may bring. */
const ROOM_BYTES = 64 * 1024;
const MOST_FREE = 32;

/** Memory that requests read into whose bytes are only hashed: a thousand of them may be made, and what each leaves behind would wait for the collector. */
export class ProbeRooms {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(ROOM_BYTES);
  }

  /** No read may be under way into it any more. */
  giveBack(room: Buffer): void {
    if (this.#free.length < MOST_FREE) this.#free.push(room);
  }
}
