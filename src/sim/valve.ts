import type { Gate } from './token-bucket.js';

/** Everything passes, or nothing does. */
export class Valve implements Gate {
  #opened: PromiseWithResolvers | undefined;

  bytesIn(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  get isShut(): boolean {
    return this.#opened !== undefined;
  }

  shut(): void {
    this.#opened ??= withResolvers();
  }

  open(): void {
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  async take(): Promise<void> {
    while (this.#opened !== undefined) await this.#opened.promise;
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** Node 20 has none of its own. */
function withResolvers(): PromiseWithResolvers {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
