const FREE = 0;
const TAKEN = 1;
const LANDED = 2;

/** A run of pieces that follow one another. */
export interface PieceRun {
  readonly first: number;
  readonly count: number;
}

/**
 * Which pieces of a file are free, taken by a connection, or landed; and which of those that are missing nobody wants: they are asleep, and not free. Taking goes in
 * file order, so that what is hashed in order finds what it needs; every operation but `want` is amortised constant, also with 100,000 pieces.
 */
export class PieceMap {
  readonly count: number;
  readonly sizeBytes: number;
  readonly pieceBytes: number;
  readonly #states: Uint8Array;
  /** 1 where nobody wants the piece; it stands however the piece fares. */
  readonly #unwanted: Uint8Array;
  #asleep = 0;
  /** No free piece is before it. */
  #scan = 0;
  /** All pieces before it have landed. */
  #frontier = 0;
  #landed = 0;
  #taken = 0;
  #landedBytes = 0;

  constructor(sizeBytes: number, pieceBytes: number) {
    this.sizeBytes = sizeBytes;
    this.pieceBytes = pieceBytes;
    this.count = Math.ceil(sizeBytes / pieceBytes);
    this.#states = new Uint8Array(this.count);
    this.#unwanted = new Uint8Array(this.count);
  }

  /** Pieces that are missing are free from now on when they are wanted, asleep otherwise. All are wanted until this is said. */
  want(isWanted: (index: number) => boolean): void {
    this.#asleep = 0;
    for (let index = 0; index < this.count; index += 1) {
      this.#unwanted[index] = isWanted(index) ? 0 : 1;
      if (this.#isAsleep(index)) this.#asleep += 1;
    }
    this.#scan = 0;
  }

  startOf(index: number): number {
    return index * this.pieceBytes;
  }

  endOf(index: number): number {
    return Math.min((index + 1) * this.pieceBytes, this.sizeBytes);
  }

  lengthOf(index: number): number {
    return this.endOf(index) - this.startOf(index);
  }

  /** Where a request from `startByte` ends that is for pieces up to `last`, of at most so many bytes: with a piece, if it comes as far. */
  requestEnd(startByte: number, last: number, mostBytes: number): number {
    const end = this.endOf(last);
    if (startByte + mostBytes >= end) return end;
    const whole = Math.floor((startByte + mostBytes) / this.pieceBytes) * this.pieceBytes;
    return whole > startByte ? whole : startByte + mostBytes;
  }

  get isComplete(): boolean {
    return this.#landed === this.count;
  }

  get freeCount(): number {
    return this.count - this.#landed - this.#taken - this.#asleep;
  }

  get landedBytes(): number {
    return this.#landedBytes;
  }

  /** All bytes before it have landed. */
  get frontierBytes(): number {
    return Math.min(this.#frontier * this.pieceBytes, this.sizeBytes);
  }

  /** The first piece that has not landed. */
  get frontIndex(): number {
    return this.#frontier;
  }

  isFree(index: number): boolean {
    return this.#states[index] === FREE && this.#unwanted[index] === 0;
  }

  isLanded(index: number): boolean {
    return this.#states[index] === LANDED;
  }

  /** Takes the first free piece (from `from` on) and up to `most - 1` free ones right behind it. */
  takeRun(most: number, from = 0): PieceRun | undefined {
    while (this.#scan < this.count && !this.isFree(this.#scan)) this.#scan += 1;
    const first = from <= this.#scan ? this.#scan : (this.firstFreeFrom(from) ?? this.count);
    let count = 0;
    while (count < most && this.isFree(first + count) && this.take(first + count)) count += 1;
    return count === 0 ? undefined : { first, count };
  }

  /** The first free piece from `index` on. */
  firstFreeFrom(index: number): number | undefined {
    for (let at = Math.max(index, this.#scan); at < this.count; at += 1) if (this.isFree(at)) return at;
    return undefined;
  }

  /** Takes one piece if it is free or asleep. */
  take(index: number): boolean {
    if (this.#states[index] !== FREE) return false;
    if (this.#isAsleep(index)) this.#asleep -= 1;
    this.#states[index] = TAKEN;
    this.#taken += 1;
    return true;
  }

  giveBack(index: number): void {
    if (this.#states[index] !== TAKEN) return;
    this.#taken -= 1;
    this.#free(index);
  }

  /** The piece, free or taken, is whole and written. */
  land(index: number): void {
    const before = this.#states[index];
    if (before === LANDED || before === undefined) return;
    if (before === TAKEN) this.#taken -= 1;
    else if (this.#isAsleep(index)) this.#asleep -= 1;
    this.#states[index] = LANDED;
    this.#landed += 1;
    this.#landedBytes += this.lengthOf(index);
    while (this.#frontier < this.count && this.#states[this.#frontier] === LANDED) this.#frontier += 1;
  }

  /** A landed piece proved useless: it is missing again. */
  drop(index: number): void {
    if (this.#states[index] !== LANDED) return;
    this.#landed -= 1;
    this.#landedBytes -= this.lengthOf(index);
    this.#free(index);
    this.#frontier = Math.min(this.#frontier, index);
  }

  #free(index: number): void {
    this.#states[index] = FREE;
    if (this.#isAsleep(index)) this.#asleep += 1;
    this.#scan = Math.min(this.#scan, index);
  }

  #isAsleep(index: number): boolean {
    return this.#states[index] === FREE && this.#unwanted[index] === 1;
  }
}
