import { toSluiceError } from '../../base/index.js';
import type { HeldFile } from './held-file.js';
import type { RequestView, Work } from './job.js';
import type { PieceRun } from './piece-run.js';
import { workOf } from './request-work.js';
import type { WantedPieces } from './wanted-pieces.js';

interface Entry {
  readonly run: PieceRun;
  /** Why it was taken back. */
  reason: string | undefined;
}

/** The file that runs are of: its pieces, whether it is hashed in their order, and whether it is fetched as it is asked for. */
export type RunsOf = Pick<HeldFile, 'map' | 'isOrdered' | 'isDemanded'>;

/** What a file says of its runs. */
export interface RunsAre {
  /** A file that begins anew closes while its runs still end. */
  readonly isOpen: () => boolean;
  readonly wanted: Pick<WantedPieces, 'isAwaited'> | undefined;
}

/** The runs of one file that are under way. */
export class RunSet {
  readonly #entries = new Map<PieceRun, Entry>();
  readonly #runOf = new WeakMap<Work, PieceRun>();

  /** Makes a run the work of a connection. `onFailure` hears why it failed, once it has let go of its pieces. */
  add(run: PieceRun, file: RunsOf, is: RunsAre, onFailure: (reason: string) => void): Work {
    const entry: Entry = { run, reason: undefined };
    this.#entries.set(run, entry);
    const work = workOf(viewOf(entry, file, is), {
      abort: (reason) => {
        entry.reason = reason;
        run.abort();
      },
      run: async () => {
        try {
          await run.run();
        } catch (thrown) {
          onFailure(entry.reason ?? toSluiceError(thrown).code);
          throw thrown;
        } finally {
          this.#entries.delete(run);
          run.finish();
        }
      },
    });
    this.#runOf.set(work, run);
    return work;
  }

  runOf(work: Work): PieceRun | undefined {
    return this.#runOf.get(work);
  }

  all(): PieceRun[] {
    return [...this.#entries.keys()];
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get hasWhole(): boolean {
    return this.all().some((run) => run.mode === 'whole');
  }

  /** Resolves when all have ended and let go. */
  async over(): Promise<void> {
    await Promise.all(this.all().map((run) => run.over));
  }
}

function viewOf(entry: Entry, { map, isOrdered, isDemanded }: RunsOf, { isOpen, wanted }: RunsAre): RequestView {
  const { run } = entry;
  const isRange = (): boolean => run.mode === 'range';
  const spareBytes = (): number =>
    isRange() && run.last > run.index ? map.endOf(run.last) - map.startOf(run.index + 1) : 0;
  return {
    get index() {
      return run.index;
    },
    get receivedBytes() {
      return run.receivedBytes;
    },
    get askedMs() {
      return run.askedMs;
    },
    get firstByteMs() {
      return run.firstByteMs;
    },
    get lastByteMs() {
      return run.firstByteMs === undefined ? undefined : run.lastByteMs;
    },
    get heldMs() {
      return run.heldMs;
    },
    get leftBytes() {
      if (!isOpen()) return 0;
      return run.leftOfPieceBytes + (isRange() ? spareBytes() : map.endOf(run.last) - map.endOf(run.index));
    },
    get spareBytes() {
      return spareBytes();
    },
    get behindBytes() {
      return isOrdered && isOpen() ? map.sizeBytes - map.endOf(run.index) : undefined;
    },
    get keeps() {
      return isRange() ? 'loose' : 'rigid';
    },
    isShort: isDemanded,
    get isAwaited() {
      return wanted?.isAwaited(run.index) === true;
    },
  };
}

/** Resolves when none of them will write any more. */
export async function killAll(runs: readonly PieceRun[]): Promise<void> {
  await Promise.all(runs.map((run) => run.kill()));
}
