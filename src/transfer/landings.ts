import { toSluiceError } from '../base/index.js';
import type { TransferOptions, TransferResult, TransferTask } from './port.js';

/** What happens once content is here: every task that wanted it is told, beside the transfers that go on. */
export class Landings {
  readonly #options: TransferOptions;
  readonly #results = new Map<TransferTask, TransferResult>();
  readonly #work: Promise<void>[] = [];

  constructor(options: TransferOptions) {
    this.#options = options;
  }

  begin(tasks: readonly TransferTask[], result: TransferResult): void {
    tasks.forEach((task, index) => {
      this.#work.push(this.#land(index === 0 ? result : { ...result, task, fetchedBytes: 0 }));
    });
  }

  /** Resolves when all of them have landed. */
  async results(): Promise<ReadonlyMap<TransferTask, TransferResult>> {
    await Promise.all(this.#work);
    return this.#results;
  }

  async #land(result: TransferResult): Promise<void> {
    const { task, sha256, error } = result;
    let outcome = result;
    if (error === undefined && sha256 !== undefined) {
      try {
        await this.#options.onProven?.(task, sha256);
      } catch (thrown) {
        outcome = { ...result, error: toSluiceError(thrown) };
      }
    }
    this.#results.set(task, outcome);
  }
}
