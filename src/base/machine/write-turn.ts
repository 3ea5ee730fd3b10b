const FREE = 0;
const TAKEN = 1;
/** Taken, and somebody sleeps for it. */
const WANTED = 2;

/**
 * Whose turn it is to write to a file. The kernel lets one write into a file at a time and has the others spin for it: a quarter of all CPU time with three
 * threads (4 GiB to tmpfs). Threads that sleep here instead leave the cores to those that read and hash.
 */
export class WriteTurn {
  readonly shared: SharedArrayBuffer;
  readonly #state: Int32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#state = new Int32Array(shared);
  }

  /** Blocks the thread until it is its turn; that is as long as others write a slab each. */
  run(write: () => void): void {
    if (Atomics.compareExchange(this.#state, 0, FREE, TAKEN) !== FREE)
      while (Atomics.exchange(this.#state, 0, WANTED) !== FREE)
        if (Atomics.wait(this.#state, 0, WANTED, LONGEST_MS) === 'timed-out') break;
    try {
      write();
    } finally {
      if (Atomics.exchange(this.#state, 0, FREE) === WANTED) Atomics.notify(this.#state, 0, 1);
    }
  }
}

/** A turn that is never given back (its thread died) costs this much for each write, and nothing else. */
const LONGEST_MS = 1000;
