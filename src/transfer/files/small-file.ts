import { SluiceError, toSluiceError } from '../../base/index.js';
import { proveBytes, type Verdict } from '../../proof/index.js';
import type { Environment } from '../environment.js';
import type { TransferTask } from '../port.js';
import { checkAnswer, hostOf, sizeMismatch } from '../request/check-answer.js';
import { fetchBody } from '../request/fetch-body.js';
import type { FileSource } from '../request/file-source.js';
import { alreadyHere } from './already-here.js';
import { JobCore } from './job-core.js';
import type { Job, Work } from './job.js';

/** A file that comes whole, by one GET, into memory: proven there, then put into the store. Nothing of it is kept when that fails. */
export class SmallFile extends JobCore implements Job {
  readonly sources: readonly FileSource[];
  readonly isLarge = false;
  readonly #sizeBytes: number;
  lastError: SluiceError | undefined;
  #isOpen = false;
  #ending: AbortController | undefined;
  #doneBytes = 0;
  #retries = 0;

  constructor(environment: Environment, task: TransferTask, sizeBytes: number, sources: readonly FileSource[]) {
    super(environment, task);
    this.#sizeBytes = sizeBytes;
    this.sources = sources;
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

  async #open(): Promise<void> {
    const here = await alreadyHere(this.environment.store, this.task, this.environment.signal);
    if (this.isOver) return;
    if (here !== undefined && this.close()) {
      this.succeedWith(here);
      return;
    }
    this.announce(this.#sizeBytes, 0);
    this.gained();
    // Nothing to ask for; a range of an empty file is an error to many servers.
    if (this.#sizeBytes === 0) {
      await this.#prove(Buffer.alloc(0), undefined);
      return;
    }
    this.#isOpen = true;
    this.environment.wake();
  }

  take(from: FileSource): Work | undefined {
    if (!this.isFetching || this.#ending !== undefined) return undefined;
    const ending = new AbortController();
    this.#ending = ending;
    return {
      index: 0,
      abort: () => ending.abort(),
      run: async () => {
        try {
          await this.#run(from, ending.signal);
        } finally {
          this.#ending = undefined;
        }
      },
    };
  }

  takeOver(): undefined {
    return undefined;
  }

  fail(error: SluiceError): void {
    if (!this.close()) return;
    this.#ending?.abort();
    this.failed(error, []);
  }

  async #run(from: FileSource, signal: AbortSignal): Promise<void> {
    const startedMs = this.environment.now();
    let wrong: string | undefined;
    for (;;) {
      const bytes = await this.#fetch(from, signal).catch((thrown: unknown) => {
        this.#retries += 1;
        throw thrown;
      });
      const verdict = proveBytes(bytes, this.task.digests);
      if (verdict.mismatch === undefined) {
        const ms = Math.round(this.environment.now() - startedMs);
        this.#isOpen = false;
        await this.#store(bytes, verdict, from, ms);
        return;
      }
      const { path: file } = this.task;
      const error = new SluiceError('DIGEST_MISMATCH', { path: file, ...verdict.mismatch, source: from.source.id });
      this.environment.emit({ type: 'piece.wrong', file, index: 0, source: from.source.id, message: error.message });
      from.state.wrongPieces += 1;
      // The same wrong bytes twice are what the source has; others may have flipped on the way.
      if (wrong !== undefined) throw error;
      wrong = verdict.sha256;
    }
  }

  async #fetch(from: FileSource, signal: AbortSignal): Promise<Buffer> {
    const { path } = this.task;
    const asked = { path, source: from.source.id, sizeBytes: this.#sizeBytes };
    const bytes = Buffer.allocUnsafeSlow(this.#sizeBytes);
    let filled = 0;
    let best = this.#doneBytes;
    await fetchBody(this.environment, {
      file: path,
      from,
      signal,
      onHead: (head) => {
        checkAnswer(asked, head);
      },
      onData: (chunk) => {
        if (filled + chunk.length > bytes.length) throw sizeMismatch(asked, filled + chunk.length);
        chunk.copy(bytes, filled);
        filled += chunk.length;
        this.fetchedBytes += chunk.length;
        if (filled > best) {
          best = filled;
          this.#doneBytes = filled;
          this.gained();
        }
        return undefined;
      },
    });
    if (filled < bytes.length)
      throw new SluiceError('RESET', { host: hostOf(from.source.url), reason: 'the answer ended early' });
    return bytes;
  }

  async #store(bytes: Buffer, verdict: Verdict, from: FileSource, ms: number): Promise<void> {
    const { path: file } = this.task;
    const endByte = bytes.length;
    this.environment.emit({
      type: 'piece.landed',
      file,
      index: 0,
      startByte: 0,
      endByte,
      source: from.source.id,
      ms,
    });
    await this.#prove(bytes, { source: from.source.id, ms }, verdict);
  }

  async #prove(
    bytes: Buffer,
    origin: { readonly source: string; readonly ms: number } | undefined,
    verdict = proveBytes(bytes, this.task.digests),
  ): Promise<void> {
    const { sha256, sizeBytes, digests, checks, mismatch } = verdict;
    if (mismatch !== undefined) throw new SluiceError('DIGEST_MISMATCH', { path: this.task.path, ...mismatch });
    if (this.isOver) return;
    await this.environment.store.putBytes(bytes, { sha256, sizeBytes, digests });
    if (!this.close()) return;
    const piece = { index: 0, startByte: 0, endByte: sizeBytes, atMs: Date.now(), retries: this.#retries };
    const reason = this.lastError === undefined ? {} : { reason: this.lastError.code };
    this.succeed({
      sha256,
      sizeBytes,
      checks,
      pieces: origin === undefined ? [] : [{ ...piece, ...origin, ...reason }],
    });
  }
}
