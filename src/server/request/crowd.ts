/** How many of something each client has, and all together. */
export class Crowd {
  readonly #of = new Map<string, number>();
  #all = 0;

  get size(): number {
    return this.#all;
  }

  of(client: string): number {
    return this.#of.get(client) ?? 0;
  }

  /** Counts one more of a client's; what it gives back takes that away, once. */
  enter(client: string): () => void {
    this.#of.set(client, this.of(client) + 1);
    this.#all += 1;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#all -= 1;
      const left = this.of(client) - 1;
      if (left === 0) this.#of.delete(client);
      else this.#of.set(client, left);
    };
  }
}
