/** Longest reach in units, less one. */
const MAX_OFFSET = 0x7fff;
const NUMBERS_AT = 8;

/**
 * How far the writers of one run may write, and how far they have said that they will. Whoever schedules may give the end of the run to another source at
 * any time, and threads may be about to write there: each says so before it writes (`take`), and what was taken is not given away any more. So no byte is
 * ever written by two runs.
 */
export class WriteReach {
  readonly shared: SharedArrayBuffer;
  /** `taken << 16 | last`: units behind the first, `taken` one more than the last that is taken. */
  readonly #word: Int32Array;
  /** First byte of the first unit, bytes of a unit, end of the run. */
  readonly #numbers: Float64Array;

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#word = new Int32Array(shared, 0, 1);
    this.#numbers = new Float64Array(shared, NUMBERS_AT, 3);
  }

  /** A run of whole units from `startByte` on, of which the last may be shorter. */
  static create(startByte: number, unitBytes: number, endByte: number): WriteReach {
    const reach = new WriteReach(new SharedArrayBuffer(NUMBERS_AT + 3 * Float64Array.BYTES_PER_ELEMENT));
    reach.#numbers.set([startByte, unitBytes, endByte]);
    reach.#word[0] = Math.min(Math.ceil((endByte - startByte) / unitBytes) - 1, MAX_OFFSET);
    return reach;
  }

  /** Somebody is about to write up to `endByte`; gives up to where that is allowed, which is less where the rest was given away. */
  take(endByte: number): number {
    const [startByte = 0, unitBytes = 1, lastByte = 0] = this.#numbers;
    const wanted = Math.ceil((endByte - startByte) / unitBytes);
    for (;;) {
      const word = Atomics.load(this.#word, 0);
      const last = word & MAX_OFFSET;
      const allowed = Math.min(endByte, lastByte, startByte + (last + 1) * unitBytes);
      const taken = Math.min(wanted, last + 1);
      if (taken <= word >> 16) return allowed;
      if (Atomics.compareExchange(this.#word, 0, word, (taken << 16) | last) === word) return allowed;
    }
  }

  /** Makes an earlier unit (counted from the first) the last one; false where what lies behind is taken already. */
  shrinkTo(last: number): boolean {
    for (;;) {
      const word = Atomics.load(this.#word, 0);
      if (last + 1 < word >> 16 || last < 0 || last > (word & MAX_OFFSET)) return false;
      if (Atomics.compareExchange(this.#word, 0, word, (word & ~MAX_OFFSET) | last) === word) return true;
    }
  }
}
