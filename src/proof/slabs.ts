/** The unit of writing and of what waits in memory to be hashed; files are cut at its multiples. */
export const SLAB_BYTES = 1024 * 1024;

/** Memory shared by threads; plain, so that it can be sent to them. */
export interface SlabMemory {
  readonly bytes: SharedArrayBuffer;
  readonly states: SharedArrayBuffer;
}

const FREE = 0;
const USED = 1;
/** Memory of a thread's own that is kept for the next one who finds all slabs in use. */
const MOST_OWN = 16;

/** Room for `count` slabs; untouched ones cost nothing. */
export function createSlabMemory(count: number): SlabMemory {
  return {
    bytes: new SharedArrayBuffer(count * SLAB_BYTES),
    states: new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT),
  };
}

/** A fixed number of slabs of memory that any thread may take and any other give back. */
export class Slabs {
  /** To be given to another thread. */
  readonly memory: SlabMemory;
  readonly #states: Int32Array;
  readonly #own: Buffer[] = [];

  constructor(memory: SlabMemory) {
    this.memory = memory;
    this.#states = new Int32Array(memory.states);
  }

  get count(): number {
    return this.#states.length;
  }

  get freeCount(): number {
    let free = 0;
    for (let id = 0; id < this.#states.length; id += 1) if (Atomics.load(this.#states, id) === FREE) free += 1;
    return free;
  }

  /** The lowest free one, so that memory which was used before is used again; undefined when all are in use. */
  take(): number | undefined {
    for (let id = 0; id < this.#states.length; id += 1)
      if (Atomics.compareExchange(this.#states, id, FREE, USED) === FREE) return id;
    return undefined;
  }

  view(id: number): Buffer {
    return Buffer.from(this.memory.bytes, id * SLAB_BYTES, SLAB_BYTES);
  }

  giveBack(id: number): void {
    Atomics.store(this.#states, id, FREE);
  }

  /**
   * Memory of a slab's size that is not shared, for when all slabs are in use. Given back by `giveBackOwn`, in the same thread, it is used again: V8 lets 64 MB of
   * such memory become garbage, in each thread, before it looks.
   */
  takeOwn(): Buffer {
    return this.#own.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  }

  giveBackOwn(memory: Buffer): void {
    if (this.#own.length < MOST_OWN) this.#own.push(memory);
  }
}

/** Numbers before the entries. */
const MARKS = 2;
const HASHED = 0;
const STANDING = 1;

/**
 * Which slabs of one file are still in memory, by their number in the file. Whoever takes an entry out owns its slab. What is not here
 * is read from the file, so losing an entry costs time only.
 */
export class Residents {
  readonly #entries: Int32Array;
  /** Slabs that are hashed, and those that stand in the file without a gap. */
  readonly #marks: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#marks = new Int32Array(shared, 0, MARKS);
    this.#entries = new Int32Array(shared, MARKS * Int32Array.BYTES_PER_ELEMENT);
  }

  static share(sizeBytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer((MARKS + Math.ceil(sizeBytes / SLAB_BYTES)) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** How many slabs are hashed. */
  get hashed(): number {
    return Atomics.load(this.#marks, HASHED);
  }

  /** How many slabs are there to be hashed at once; none when nobody hashes. */
  get backlog(): number {
    return Atomics.load(this.#marks, STANDING) - this.hashed;
  }

  /** What whoever hashes the file says of it. */
  mark(hashedBytes: number, standingBytes: number): void {
    Atomics.store(this.#marks, HASHED, Math.floor(hashedBytes / SLAB_BYTES));
    Atomics.store(this.#marks, STANDING, Math.floor(standingBytes / SLAB_BYTES));
  }

  /** Returns the slab that stood there before, now the caller's. */
  put(index: number, id: number): number | undefined {
    return slabOf(Atomics.exchange(this.#entries, index, id + 1));
  }

  takeOut(index: number): number | undefined {
    return slabOf(Atomics.exchange(this.#entries, index, 0));
  }

  /** Gives back what waits of slabs [first, end). */
  clear(slabs: Slabs, first = 0, end = this.#entries.length): void {
    for (let index = first; index < Math.min(end, this.#entries.length); index += 1) {
      const id = this.takeOut(index);
      if (id !== undefined) slabs.giveBack(id);
    }
  }
}

function slabOf(entry: number): number | undefined {
  return entry === 0 ? undefined : entry - 1;
}
