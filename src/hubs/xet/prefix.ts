/** Spans of bytes that come in any order, each byte once; tells how far they reach without a gap. */
export class Prefix {
  #endByte: number;
  readonly #ahead = new Map<number, number>();

  constructor(startByte: number) {
    this.#endByte = startByte;
  }

  get endByte(): number {
    return this.#endByte;
  }

  /** Gives whether the end moved. */
  add(startByte: number, lengthBytes: number): boolean {
    this.#ahead.set(startByte, startByte + lengthBytes);
    const before = this.#endByte;
    for (let end = this.#ahead.get(before); end !== undefined; end = this.#ahead.get(end)) {
      this.#ahead.delete(this.#endByte);
      this.#endByte = end;
    }
    return this.#endByte > before;
  }
}
