import { availableParallelism } from 'node:os';
import { SluiceError } from '../base/index.js';
import type { PullSettings } from '../pull/index.js';
import {
  openThreads,
  openTransfers,
  type Transfers,
  type TransferResult,
  type TransferTask,
} from '../transfer/index.js';

type OpenOptions = Parameters<typeof openTransfers>[0];

/** What the transfer goes by; of the settings, what may be read anew. */
export type MirrorTransfersOptions = Omit<OpenOptions, 'connections' | 'noProgressMs' | 'limit' | 'ahead'> & {
  readonly settings: Pick<PullSettings, 'connections' | 'requestBytes' | 'noProgressMs' | 'limit'>;
};

/** Stands for any file that threads are needed for. */
export const LARGE_BYTES = 2 ** 30;

interface Shared {
  /** What of the settings it was opened with. */
  readonly by: string;
  readonly opened: Promise<Transfers>;
  files: number;
}

/** One transfer for all fills, opened with the first of them. Where settings have changed, further fills go to a new one, and the old one ends with its last. */
export class MirrorTransfers {
  readonly #options: MirrorTransfersOptions;
  /** Threads take longer to come up than a hub to answer. */
  readonly #ahead = openThreads();
  #current: Shared | undefined;
  readonly #all = new Set<Shared>();
  #isClosed = false;

  constructor(options: MirrorTransfersOptions) {
    this.#options = options;
    this.#ahead?.prepareLarge(1, options.threads ?? availableParallelism());
  }

  /** A file of this size will soon be asked for at this URL: its connections are opened. Never throws. */
  warm(url: string, sizeBytes: number): void {
    if (this.#isClosed) return;
    this.#shared()
      .opened.then((transfers) => transfers.warm(url, sizeBytes))
      .catch(() => undefined);
  }

  /** See `Transfers.add`. */
  async add(task: TransferTask, options: Parameters<Transfers['add']>[1]): Promise<TransferResult> {
    if (this.#isClosed) throw new SluiceError('INTERRUPTED');
    const shared = this.#shared();
    shared.files += 1;
    try {
      return await (await shared.opened).add(task, options);
    } finally {
      shared.files -= 1;
      await this.#closeOld(shared);
    }
  }

  /** Ends what is under way; what has arrived is kept. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#all].map(async ({ opened }) => (await opened).close()));
    await this.#ahead?.close();
  }

  #shared(): Shared {
    const { settings, ...options } = this.#options;
    const { connections, requestBytes, noProgressMs, limit } = settings;
    const by = JSON.stringify([connections, requestBytes, noProgressMs, limit]);
    if (this.#current?.by === by) return this.#current;
    const before = this.#current;
    const bounds = { ...(limit && { limit }), ...(requestBytes && { requestBytes }) };
    const ahead = this.#ahead === undefined ? {} : { ahead: this.#ahead };
    const opened = openTransfers({ ...options, connections, noProgressMs, ...bounds, ...ahead });
    this.#current = { by, opened, files: 0 };
    this.#all.add(this.#current);
    if (before !== undefined) void this.#closeOld(before);
    return this.#current;
  }

  async #closeOld(shared: Shared): Promise<void> {
    if (shared === this.#current || shared.files > 0 || !this.#all.delete(shared)) return;
    await shared.opened.then((transfers) => transfers.close()).catch(() => undefined);
  }
}
