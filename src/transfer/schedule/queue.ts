/** A list taken from its front, in constant time. */
export class Queue<Item> {
  readonly #items: Item[];
  #next = 0;

  constructor(items: readonly Item[]) {
    this.#items = [...items];
  }

  get isEmpty(): boolean {
    return this.#next >= this.#items.length;
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  take(): Item | undefined {
    const item = this.#items[this.#next];
    if (item !== undefined) this.#next += 1;
    // A queue that lives long does not keep what has left it.
    if (this.isEmpty) this.#next = this.#items.length = 0;
    return item;
  }
}
