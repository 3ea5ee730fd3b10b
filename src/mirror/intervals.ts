/** Which bytes are there: disjoint spans, kept in order. */
export class Intervals {
  /** Starts and ends in turn, ascending. */
  readonly #bounds: number[] = [];

  add(startByte: number, endByte: number): void {
    if (endByte <= startByte) return;
    const from = this.#firstAbove(startByte - 1);
    const to = this.#firstAbove(endByte);
    this.#bounds.splice(from, to - from, ...(from % 2 === 0 ? [startByte] : []), ...(to % 2 === 0 ? [endByte] : []));
  }

  remove(startByte: number, endByte: number): void {
    if (endByte <= startByte) return;
    const from = this.#firstAbove(startByte - 1);
    const to = this.#firstAbove(endByte);
    this.#bounds.splice(from, to - from, ...(from % 2 === 1 ? [startByte] : []), ...(to % 2 === 1 ? [endByte] : []));
  }

  /** How many bytes are there. */
  get bytes(): number {
    let bytes = 0;
    for (let at = 0; at < this.#bounds.length; at += 2) bytes += (this.#bounds[at + 1] ?? 0) - (this.#bounds[at] ?? 0);
    return bytes;
  }

  /** The spans, in order. */
  *spans(): Generator<{ readonly startByte: number; readonly endByte: number }> {
    for (let at = 0; at < this.#bounds.length; at += 2)
      yield { startByte: this.#bounds[at] ?? 0, endByte: this.#bounds[at + 1] ?? 0 };
  }

  /** Up to where everything from `byte` on is there; `byte` itself when it is not. */
  reachFrom(byte: number): number {
    const at = this.#firstAbove(byte);
    return at % 2 === 1 ? (this.#bounds[at] ?? byte) : byte;
  }

  /** Index of the first bound that is larger. */
  #firstAbove(byte: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bounds[middle] ?? 0) > byte) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
