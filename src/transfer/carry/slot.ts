/**
 * What the scheduler and whoever carries a run share while it is under way: how far it is, and which piece is its last. Both sides may change the
 * latter at any time, the carrier by going on to a piece, the scheduler by giving the end of the run to somebody else; so neither happens twice.
 */
export class Slot {
  readonly shared: SharedArrayBuffer;
  /** `current << 16 | last`, as numbers of pieces behind the first of the run. */
  readonly #word: Int32Array;
  /** Bytes that came; offset in the file; milliseconds of `clockMs` when bytes came last and first, and when they were asked for; milliseconds held back. */
  readonly #numbers: Float64Array;

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#word = new Int32Array(shared, 0, 1);
    this.#numbers = new Float64Array(shared, 8, 6);
  }

  static create(lastOffset: number, positionByte: number): Slot {
    const slot = new Slot(new SharedArrayBuffer(56));
    slot.#word[0] = Math.min(lastOffset, MAX_OFFSET);
    slot.#numbers[1] = positionByte;
    slot.#numbers[2] = clockMs();
    return slot;
  }

  get current(): number {
    return Atomics.load(this.#word, 0) >> 16;
  }

  get last(): number {
    return Atomics.load(this.#word, 0) & MAX_OFFSET;
  }

  get receivedBytes(): number {
    return this.#numbers[0] ?? 0;
  }

  get positionByte(): number {
    return this.#numbers[1] ?? 0;
  }

  get lastByteMs(): number {
    return this.#numbers[2] ?? 0;
  }

  /** 0 until then. */
  get firstByteMs(): number {
    return this.#numbers[3] ?? 0;
  }

  /** 0 until then. */
  get askedMs(): number {
    return this.#numbers[4] ?? 0;
  }

  /** For so long nothing was read although more would have come. */
  get heldMs(): number {
    return this.#numbers[5] ?? 0;
  }

  asked(): void {
    this.#numbers[4] = clockMs();
  }

  /** Something came that is not yet bytes of the file. */
  stirred(): void {
    this.#numbers[2] = clockMs();
  }

  /** It was not the line that was silent for so long. */
  held(ms: number): void {
    this.#numbers[5] = this.heldMs + ms;
    this.stirred();
  }

  came(bytes: number): void {
    const nowMs = clockMs();
    if (this.firstByteMs === 0) this.#numbers[3] = nowMs;
    this.#numbers[0] = this.receivedBytes + bytes;
    this.#numbers[2] = nowMs;
  }

  at(positionByte: number): void {
    this.#numbers[1] = positionByte;
  }

  /** The carrier's step to the next piece; false when the one that it has done was the last. */
  goOn(): boolean {
    for (;;) {
      const word = Atomics.load(this.#word, 0);
      if (word >> 16 >= (word & MAX_OFFSET)) return false;
      if (Atomics.compareExchange(this.#word, 0, word, word + (1 << 16)) === word) return true;
    }
  }

  /** Makes an earlier piece the last; false when the carrier is beyond it already. */
  shrinkTo(last: number): boolean {
    for (;;) {
      const word = Atomics.load(this.#word, 0);
      if (last < word >> 16 || last > (word & MAX_OFFSET)) return false;
      const shrunk = (word & ~MAX_OFFSET) | last;
      if (Atomics.compareExchange(this.#word, 0, word, shrunk) === word) return true;
    }
  }
}

/** Longest run, less one. */
export const MAX_OFFSET = 0x7fff;

const ORIGIN_MS = performance.timeOrigin;

/** Monotonic milliseconds that are the same in every thread. */
export function clockMs(): number {
  return ORIGIN_MS + performance.now();
}
