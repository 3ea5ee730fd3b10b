import { Worker } from 'node:worker_threads';

/**
 * Threads of one kind, started before it is known what for: a thread takes 20 ms and more to come up, in which others can ask the hub. What they
 * need to know comes by message. Those that nobody takes do not keep the process.
 */
export class SpareThreads {
  readonly #file: URL;
  readonly #idle: Worker[] = [];
  #isClosed = false;

  /** @param file the thread's program */
  constructor(file: URL) {
    this.#file = file;
  }

  /** Those that wait to be taken, up or on their way. */
  get idle(): number {
    return this.#idle.length;
  }

  /** Sees to it that so many are there or on their way. */
  ahead(count: number): void {
    while (!this.#isClosed && this.#idle.length < count) this.#idle.push(this.#start());
  }

  /** One that was started ahead, else a new one. It is the caller's then. */
  take(): Worker {
    const worker = this.#idle.shift() ?? this.#start();
    worker.removeAllListeners('error');
    worker.ref();
    return worker;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#idle.splice(0).map((worker) => worker.terminate()));
  }

  #start(): Worker {
    const worker = new Worker(this.#file);
    worker.unref();
    // One that cannot come up is not offered; whoever needs it starts another, and is told.
    worker.on('error', () => {
      const at = this.#idle.indexOf(worker);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return worker;
  }
}
