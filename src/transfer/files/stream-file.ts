import { open, type FileHandle } from 'node:fs/promises';
import { SluiceError, toSluiceError } from '../../base/index.js';
import type { Partial } from '../../store/index.js';
import type { Environment } from '../environment.js';
import type { TransferTask } from '../port.js';
import { contentLength, sizeMismatch } from '../request/check-answer.js';
import { fetchBody, performHere } from '../request/fetch-body.js';
import type { FileSource } from '../request/file-source.js';
import type { WireTarget } from '../request/perform.js';
import { BlockWriter } from './block-writer.js';
import { JobCore } from './job-core.js';
import type { Job, Work } from './job.js';
import { findOrOpen } from './open-partial.js';
import { WholeRequest, workOf } from './request-work.js';

/**
 * A file whose size nobody tells, or whose version: one request from the first byte to the last, begun anew when it breaks. It cannot
 * be resumed.
 */
export class StreamFile extends JobCore implements Job {
  readonly sources: readonly FileSource[];
  readonly isLarge = true;
  lastError: SluiceError | undefined;
  #partial: Partial | undefined;
  #run: { readonly ending: AbortController; readonly over: Promise<void>; readonly finish: () => void } | undefined;
  #isOpen = false;
  #doneBytes = 0;
  #markBytes = 0;
  #retries = 0;
  #wrong: string | undefined;

  constructor(environment: Environment, task: TransferTask, sources: readonly FileSource[]) {
    super(environment, task);
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

  take(from: FileSource): Work | undefined {
    if (!this.isFetching || this.#run !== undefined) return undefined;
    const ending = new AbortController();
    let finish: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (finish = resolve));
    this.#run = { ending, over, finish };
    const request = new WholeRequest(this.task.sizeBytes, 'rigid');
    return workOf(request, {
      abort: () => ending.abort(),
      run: async () => {
        try {
          await this.#fetch(from, ending.signal, request);
        } catch (thrown) {
          this.#retries += 1;
          throw thrown;
        } finally {
          this.#run = undefined;
          finish();
        }
      },
    });
  }

  get freeBytes(): number {
    return this.isFetching && this.#run === undefined ? (this.task.sizeBytes ?? 0) : 0;
  }

  split(): undefined {
    return undefined;
  }

  shun(): void {
    // One request brings it all.
  }

  fail(error: SluiceError): void {
    if (!this.close()) return;
    this.#run?.ending.abort();
    void Promise.resolve(this.#run?.over)
      .then(() => this.#partial?.reset())
      .then(() => this.#partial?.release())
      .then(
        () => this.failed(error, []),
        (thrown: unknown) => this.failed(error.code === 'INTERRUPTED' ? error : toSluiceError(thrown), []),
      );
  }

  async #open(): Promise<void> {
    const { environment, task } = this;
    const found = await findOrOpen(environment, task, undefined);
    if ('here' in found) {
      if (this.close()) this.succeedWith(found.here);
      return;
    }
    const { partial } = found;
    if (this.isOver) return partial.release();
    this.#partial = partial;
    const reason = 'another process took this partial over';
    const lost = (): void => this.fail(new SluiceError('FILE_SYSTEM', { path: task.path, reason }));
    partial.lost.addEventListener('abort', lost, { once: true });
    await partial.reset();
    await partial.allocate(0);
    this.announce(task.sizeBytes, 0);
    this.gained();
    this.#isOpen = true;
    environment.wake();
  }

  async #fetch(from: FileSource, signal: AbortSignal, request: WholeRequest): Promise<void> {
    const { environment, task } = this;
    const partial = this.#partial;
    if (partial === undefined) return;
    const startedMs = environment.now();
    const handle = await open(partial.dataPath, 'w');
    let sizeBytes: number;
    try {
      sizeBytes = await this.#stream(from, signal, handle, request);
    } finally {
      await handle.close();
    }
    const follower = environment.followers.follow({ path: partial.dataPath, sizeBytes, digests: task.digests });
    follower.advance(sizeBytes);
    const { sha256, digests, checks, mismatch } = await follower.verdict();
    if (mismatch !== undefined) throw this.#mismatch(mismatch, from.source.id);
    if (!this.close()) return;
    const ms = Math.round(environment.now() - startedMs);
    const source = from.source.id;
    const range = { index: 0, startByte: 0, endByte: sizeBytes };
    environment.emit({ type: 'piece.landed', file: task.path, ...range, source, ms });
    const pieces = [{ ...range, source, ms, atMs: Date.now(), retries: this.#retries }];
    try {
      await partial.commit({ sha256, sizeBytes, digests });
    } catch (thrown) {
      this.failed(toSluiceError(thrown), pieces);
      return;
    }
    this.succeed({ sha256, sizeBytes, checks, pieces });
  }

  async #stream(from: FileSource, signal: AbortSignal, handle: FileHandle, view: WholeRequest): Promise<number> {
    const writer = new BlockWriter(handle, this.environment.blocks);
    let position = 0;
    let toldBytes: number | undefined;
    this.#doneBytes = 0;
    try {
      const request = { file: this.task.path, from, signal };
      const target: WireTarget = {
        onHead: (head) => {
          if (head.status !== 200)
            throw new SluiceError('BAD_RESPONSE', { host: from.source.id, reason: `the status ${head.status}` });
          toldBytes = contentLength(head);
        },
        onData: (chunk) => {
          const at = position;
          position += chunk.length;
          this.fetchedBytes += chunk.length;
          this.#doneBytes = position;
          view.received(chunk.length, this.environment.now());
          if (position > this.#markBytes) this.gained();
          this.#markBytes = Math.max(this.#markBytes, position);
          return writer.write(chunk, at)?.then(() => undefined);
        },
      };
      await fetchBody(this.environment, { ...request, perform: performHere(this.environment, request, target) });
      await writer.flush();
    } finally {
      await writer.discard();
    }
    if (toldBytes !== undefined && toldBytes !== position)
      throw new SluiceError('RESET', { host: from.source.id, reason: 'the answer ended early' });
    const { path, sizeBytes } = this.task;
    if (sizeBytes !== undefined && sizeBytes !== position)
      throw sizeMismatch({ path, source: from.source.id, sizeBytes }, position);
    return position;
  }

  /** The same wrong bytes twice are what the source has; others may have flipped on the way. */
  #mismatch(mismatch: { algorithm: string; expected: string; actual: string }, source: string): SluiceError {
    const { path: file } = this.task;
    const error = new SluiceError('DIGEST_MISMATCH', { path: file, ...mismatch, source });
    this.environment.emit({ type: 'piece.wrong', file, index: 0, source, message: error.message });
    const isAgain = this.#wrong === `${source} ${mismatch.actual}`;
    this.#wrong = `${source} ${mismatch.actual}`;
    return isAgain ? error : new SluiceError('BAD_RESPONSE', { host: source, reason: 'wrong bytes' });
  }
}
