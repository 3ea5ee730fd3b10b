import { SluiceError, toSluiceError } from '../../base/index.js';
import { proveBytes, type Verdict } from '../../proof/index.js';
import type { Environment } from '../environment.js';
import type { TransferTask } from '../port.js';
import type { FileSource } from '../request/file-source.js';
import { alreadyHere } from './already-here.js';
import { fetchFirst } from './fetch-first.js';
import { JobCore } from './job-core.js';
import { WholeRequest, workOf } from './request-work.js';
import { SMALL_FILE_BYTES } from '../limits.js';
import type { Job, Work } from './job.js';
import type { Beginning } from './seed-partial.js';
import { storeBytes } from './store-bytes.js';

/** What the first request found out about a file that is too large to be done with it. */
export interface Learnt {
  readonly from: FileSource;
  /** Undefined when no source tells. */
  readonly sizeBytes: number | undefined;
  readonly beginning: Beginning | undefined;
}

/**
 * The first request for a file of which only digests are known. It asks for the beginning: a small file is done with that, and of a larger one
 * it brings the first bytes, its size, and whether ranges of it can be had.
 */
export class FirstAnswer extends JobCore implements Job {
  readonly sources: readonly FileSource[];
  readonly isLarge = false;
  lastError: SluiceError | undefined;
  readonly #onLearnt: (learnt: Learnt) => void;
  readonly #isKnownElsewhere: () => Promise<boolean>;
  /** Sources that have it, but do not say how long it is. */
  readonly #silent = new Set<FileSource>();
  #isOpen = false;
  #ending: AbortController | undefined;
  #doneBytes = 0;
  #retries = 0;
  #isAnnounced = false;

  /**
   * `onLearnt` takes the file over. `isKnownElsewhere` is asked before any source is: true means that it took the file over.
   */
  constructor(
    environment: Environment,
    task: TransferTask,
    sources: readonly FileSource[],
    on: { onLearnt: (learnt: Learnt) => void; isKnownElsewhere: () => Promise<boolean> },
  ) {
    super(environment, task);
    this.sources = sources;
    this.#onLearnt = on.onLearnt;
    this.#isKnownElsewhere = on.isKnownElsewhere;
  }

  get isFetching(): boolean {
    return this.#isOpen && !this.isOver;
  }

  get doneBytes(): number {
    return this.#doneBytes;
  }

  start(): void {
    this.#open().catch((thrown: unknown) => this.fail(toSluiceError(thrown)));
  }

  take(from: FileSource): Work | undefined {
    if (!this.isFetching || this.#ending !== undefined || this.#isUseless(from)) return undefined;
    const ending = new AbortController();
    this.#ending = ending;
    const view = new WholeRequest(undefined, 'whole');
    return workOf(view, {
      abort: () => ending.abort(),
      run: async () => {
        try {
          await this.#run(from, ending.signal, view);
        } catch (thrown) {
          this.#retries += 1;
          throw thrown;
        } finally {
          this.#ending = undefined;
        }
      },
    });
  }

  /** Nobody knows how much there is. */
  get freeBytes(): number {
    return this.isFetching && this.#ending === undefined ? SMALL_FILE_BYTES : 0;
  }

  split(): undefined {
    return undefined;
  }

  shun(): void {
    // There is one request at a time.
  }

  fail(error: SluiceError): void {
    if (!this.close()) return;
    this.#ending?.abort();
    this.failed(error, []);
  }

  async #open(): Promise<void> {
    const here = await alreadyHere(this.environment, this.task, this.environment.signal);
    if (here !== undefined) {
      if (this.close()) this.succeedWith(here);
      return;
    }
    if (this.isOver || (await this.#isKnownElsewhere())) return;
    this.gained();
    this.#isOpen = true;
    this.environment.wake();
  }

  /** Whoever does not tell the size is asked again only when nobody does. */
  #isUseless(from: FileSource): boolean {
    const others = this.sources.filter((other) => other !== from && other.banned === undefined);
    return this.#silent.has(from) && others.some((other) => !this.#silent.has(other));
  }

  async #run(from: FileSource, signal: AbortSignal, view: WholeRequest): Promise<void> {
    const { path } = this.task;
    const onBytes = (bytes: number, filledBytes: number): void => {
      view.received(bytes, this.environment.now());
      this.#received(bytes, filledBytes);
    };
    for (let wrong: string | undefined; ;) {
      const startedMs = this.environment.now();
      const { sizeBytes, bytes, isWhole } = await fetchFirst(this.environment, { path, from, signal, onBytes });
      const origin = {
        source: from.source.id,
        ms: Math.round(this.environment.now() - startedMs),
        retries: this.#retries,
      };
      if (!isWhole || bytes === undefined) {
        this.#learnt({ from, sizeBytes, beginning: bytes === undefined ? undefined : { bytes, ...origin } });
        return;
      }
      this.#announceOnce(bytes.length);
      const verdict = proveBytes(bytes, this.task.digests);
      if (verdict.mismatch === undefined) {
        this.#isOpen = false;
        const reason = this.lastError === undefined ? {} : { reason: this.lastError.code };
        await storeBytes(this, bytes, verdict, { ...origin, ...reason });
        return;
      }
      // The same wrong bytes twice are what the source has; others may have flipped on the way.
      const error = this.#mismatch(verdict, from);
      if (wrong !== undefined) throw error;
      wrong = verdict.sha256;
    }
  }

  #learnt(learnt: Learnt): void {
    if (learnt.sizeBytes === undefined) {
      this.#silent.add(learnt.from);
      if (this.#isUseless(learnt.from)) return;
    }
    this.#isOpen = false;
    this.#onLearnt(learnt);
  }

  #received(bytes: number, filled: number): void {
    this.fetchedBytes += bytes;
    if (filled <= this.#doneBytes) return;
    this.#doneBytes = filled;
    this.gained();
  }

  #announceOnce(sizeBytes: number): void {
    if (!this.#isAnnounced) this.announce(sizeBytes, 0);
    this.#isAnnounced = true;
  }

  #mismatch({ mismatch }: Verdict, from: FileSource): SluiceError {
    const { path: file } = this.task;
    const source = from.source.id;
    const error = new SluiceError('DIGEST_MISMATCH', { path: file, ...mismatch, source });
    this.environment.emit({ type: 'piece.wrong', file, index: 0, source, message: error.message });
    from.state.wrongPieces += 1;
    return error;
  }
}
