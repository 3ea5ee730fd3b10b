import { toSluiceError } from '../../base/index.js';
import type { Work } from './job.js';
import type { PieceRun } from './piece-run.js';

/** The runs of one file that are under way. */
export class RunSet {
  readonly #runs = new Set<PieceRun>();

  /** Makes a run the work of a connection. `onFailure` hears why it failed, once it has let go of its pieces. */
  add(run: PieceRun, onFailure: (code: string) => void): Work {
    this.#runs.add(run);
    return {
      index: run.index,
      abort: () => run.abort(),
      run: async () => {
        try {
          await run.run();
        } catch (thrown) {
          onFailure(toSluiceError(thrown).code);
          throw thrown;
        } finally {
          this.#runs.delete(run);
          run.finish();
        }
      },
    };
  }

  all(): PieceRun[] {
    return [...this.#runs];
  }

  get hasWhole(): boolean {
    return this.all().some((run) => run.mode === 'whole');
  }

  /** Others that work on the same piece. */
  rivals(run: PieceRun, index: number): PieceRun[] {
    return this.all().filter((other) => other !== run && other.hasCurrent && other.index === index);
  }

  /** Resolves when all have ended and let go. */
  async over(): Promise<void> {
    await Promise.all(this.all().map((run) => run.over));
  }
}

/** Resolves when none of them will write any more. */
export async function killAll(runs: readonly PieceRun[]): Promise<void> {
  await Promise.all(runs.map((run) => run.kill()));
}
