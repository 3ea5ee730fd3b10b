/** A list taken from its front, in constant time. */
export class Queue<Item> {
  readonly #items: readonly Item[];
  #next = 0;

  constructor(items: readonly Item[]) {
    this.#items = items;
  }

  get isEmpty(): boolean {
    return this.#next >= this.#items.length;
  }

  take(): Item | undefined {
    const item = this.#items[this.#next];
    this.#next += 1;
    return item;
  }
}
