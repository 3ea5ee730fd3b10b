import { SluiceError, toSluiceError, type ErrorCode } from '../../base/index.js';
import type { Spans } from '../../hubs/index.js';
import type { Environment } from '../environment.js';
import { FRESH_LOOK_MS } from '../limits.js';
import type { TransferTask } from '../port.js';
import { checkAnswer, hostOf, sizeMismatch } from '../request/check-answer.js';
import { fetchBody, performHere } from '../request/fetch-body.js';
import type { FileSource } from '../request/file-source.js';
import type { WireTarget } from '../request/perform.js';
import { alreadyHere } from './already-here.js';
import { JobCore } from './job-core.js';
import type { Job, Work } from './job.js';
import { WholeRequest, workOf } from './request-work.js';

/** What has been done for a file before it is brought by itself. */
export interface Begun {
  isAnnounced: boolean;
  /** Source whose bytes were wrong. */
  doubted?: string;
  retries: number;
  /** Of the last retry. */
  reason?: ErrorCode;
  fetchedBytes: number;
}

/** A file that comes whole, by one GET, into memory: proven there, then put into the store. Nothing of it is kept when that fails. */
export class SmallFile extends JobCore implements Job {
  readonly sources: readonly FileSource[];
  readonly isLarge = false;
  readonly #sizeBytes: number;
  readonly #begun: Begun | undefined;
  lastError: SluiceError | undefined;
  #isOpen = false;
  #ending: AbortController | undefined;
  #doneBytes = 0;
  #retries: number;
  /** It gave wrong bytes once. */
  #doubted: FileSource | undefined;

  constructor(
    environment: Environment,
    task: TransferTask,
    sizeBytes: number,
    sources: readonly FileSource[],
    begun?: Begun,
  ) {
    super(environment, task);
    this.#sizeBytes = sizeBytes;
    this.sources = sources;
    this.#begun = begun;
    this.#retries = begun?.retries ?? 0;
    this.#doubted = sources.find(({ source }) => source.id === begun?.doubted);
    this.fetchedBytes = begun?.fetchedBytes ?? 0;
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
    const { lookedAtMs, now, signal } = this.environment;
    if (now() - lookedAtMs > FRESH_LOOK_MS) {
      const here = await alreadyHere(this.environment, this.task, signal);
      if (this.isOver) return;
      if (here !== undefined && this.close()) {
        this.succeedWith(here);
        return;
      }
    }
    if (this.#begun?.isAnnounced !== true) this.announce(this.#sizeBytes, 0);
    this.gained();
    // Nothing to ask for; a range of an empty file is an error to many servers.
    if (this.#sizeBytes === 0) {
      await this.#putNothing();
      return;
    }
    this.#isOpen = true;
    this.environment.wake();
  }

  take(from: FileSource): Work | undefined {
    if (!this.isFetching || this.#ending !== undefined || !this.#isAskedFirst(from)) return undefined;
    const ending = new AbortController();
    this.#ending = ending;
    const request = new WholeRequest(this.#sizeBytes, 'whole');
    return workOf(request, {
      abort: () => ending.abort(),
      run: async () => {
        try {
          await this.#run(from, ending.signal, request);
        } finally {
          this.#ending = undefined;
        }
      },
    });
  }

  get freeBytes(): number {
    return this.isFetching && this.#ending === undefined ? this.#sizeBytes : 0;
  }

  split(): undefined {
    return undefined;
  }

  shun(): void {
    // There is one request at a time, and whoever is asked next is asked for all of it.
  }

  fail(error: SluiceError): void {
    if (!this.close()) return;
    this.#ending?.abort();
    this.failed(error, []);
  }

  async #run(from: FileSource, signal: AbortSignal, view: WholeRequest): Promise<void> {
    const { smallBuffers, now } = this.environment;
    const startedMs = now();
    const buffer = await smallBuffers.lend(signal);
    const bytes = buffer.subarray(0, this.#sizeBytes);
    const giveBack = (): void => smallBuffers.giveBack(buffer);
    let proving: Promise<SluiceError | undefined>;
    try {
      await this.#fetch(bytes, from, signal, view);
      this.#isOpen = false;
      proving = this.#prove(bytes, { source: from.source.id, ms: Math.round(now() - startedMs) });
    } catch (thrown) {
      this.#retries += 1;
      giveBack();
      throw thrown;
    }
    const judged = proving.finally(giveBack).then((wrong) => this.#judge(wrong, from));
    // A connection does not wait for the proof, unless it was in vain before: then its source has to answer for the bytes.
    if (this.#doubted === from) await judged;
    else judged.catch((thrown: unknown) => this.fail(toSluiceError(thrown)));
  }

  /** Bytes may flip on the way: a source is asked a second time. What is wrong again is what it has. @throws SluiceError DIGEST_MISMATCH */
  #judge(wrong: SluiceError | undefined, from: FileSource): void {
    if (wrong === undefined || this.isOver) return;
    this.environment.emit({
      type: 'piece.wrong',
      file: this.task.path,
      index: 0,
      source: from.source.id,
      message: wrong.message,
    });
    from.state.wrongPieces += 1;
    const isSecond = this.#doubted === from;
    this.#doubted = isSecond ? undefined : from;
    this.#isOpen = true;
    if (isSecond) throw wrong;
    this.environment.wake();
  }

  /** While the doubted source can be asked, nobody else is: only that shows whether it has the wrong bytes. */
  #isAskedFirst(from: FileSource): boolean {
    const doubted = this.#doubted;
    if (doubted === undefined || doubted === from) return true;
    const { banned, state } = doubted;
    return banned !== undefined || state.banned !== undefined || this.environment.now() < state.waitUntilMs;
  }

  async #fetch(bytes: Buffer, from: FileSource, signal: AbortSignal, view: WholeRequest): Promise<void> {
    if (from.source.spans !== undefined) return this.#fetchSpan(bytes, from, from.source.spans, signal, view);
    const { path } = this.task;
    const asked = { path, source: from.source.id, sizeBytes: this.#sizeBytes };
    let filled = 0;
    let best = this.#doneBytes;
    const target: WireTarget = {
      onHead: (head) => {
        checkAnswer(asked, head);
      },
      onData: (chunk) => {
        if (filled + chunk.length > bytes.length) throw sizeMismatch(asked, filled + chunk.length);
        chunk.copy(bytes, filled);
        filled += chunk.length;
        this.fetchedBytes += chunk.length;
        view.received(chunk.length, this.environment.now());
        if (filled > best) {
          best = filled;
          this.#doneBytes = filled;
          this.gained();
        }
        return undefined;
      },
    };
    const request = { file: path, from, signal };
    await fetchBody(this.environment, { ...request, perform: performHere(this.environment, request, target) });
    if (filled < bytes.length)
      throw new SluiceError('RESET', { host: hostOf(from.source.url), reason: 'the answer ended early' });
  }

  /** In parts that are put together elsewhere, which say themselves what they are together. */
  async #fetchSpan(
    bytes: Buffer,
    from: FileSource,
    spans: Spans,
    signal: AbortSignal,
    view: WholeRequest,
  ): Promise<void> {
    let reached = 0;
    await spans.fetch(
      { startByte: 0, endByte: this.#sizeBytes },
      { deliver: (part, position) => bytes.set(part, position) },
      {
        received: (wireBytes) => this.environment.limiter.take(wireBytes, signal),
        advanced: (endByte) => {
          const came = endByte - reached;
          reached = endByte;
          from.state.received(came);
          view.received(came, this.environment.now());
          this.fetchedBytes += came;
          this.#doneBytes = Math.max(this.#doneBytes, endByte);
          this.gained();
        },
        copied: () => undefined,
      },
      signal,
    );
    const verdict = await spans.judge();
    if (verdict.state !== 'wrong') return;
    const { expected, actual } = verdict;
    const { path } = this.task;
    throw new SluiceError('DIGEST_MISMATCH', {
      path,
      source: from.source.id,
      algorithm: 'the Xet file id',
      expected,
      actual,
    });
  }

  async #putNothing(): Promise<void> {
    const wrong = await this.#prove(Buffer.alloc(0), undefined);
    if (wrong !== undefined) throw wrong;
  }

  /** The file is over when a blob has it. Returns why the bytes are not what they should be; never rejects. */
  async #prove(
    bytes: Buffer,
    origin: { readonly source: string; readonly ms: number } | undefined,
  ): Promise<SluiceError | undefined> {
    const { path } = this.task;
    const { emit, hands } = this.environment;
    try {
      const putting = hands.put(bytes, this.task.digests);
      const { sha256, sizeBytes, checks, mismatch } = await putting.verdict;
      if (mismatch !== undefined)
        return new SluiceError('DIGEST_MISMATCH', {
          path,
          ...mismatch,
          ...(origin === undefined ? {} : { source: origin.source }),
        });
      const piece = { index: 0, startByte: 0, endByte: sizeBytes };
      if (origin !== undefined) emit({ type: 'piece.landed', file: path, ...piece, ...origin });
      await putting.stored;
      if (!this.close()) return undefined;
      const reason = this.lastError?.code ?? this.#begun?.reason;
      const record = {
        ...piece,
        atMs: Date.now(),
        retries: this.#retries,
        ...(reason === undefined ? {} : { reason }),
      };
      this.succeed({ sha256, sizeBytes, checks, pieces: origin === undefined ? [] : [{ ...record, ...origin }] });
    } catch (thrown) {
      this.fail(toSluiceError(thrown));
    }
    return undefined;
  }
}
