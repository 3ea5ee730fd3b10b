import { toSluiceError, type SluiceError } from '../../base/index.js';
import type { Source } from '../../hubs/index.js';
import type { Environment } from '../environment.js';
import type { Job, Underway, Work } from '../files/job.js';
import { FRESH_LOOK_MS } from '../limits.js';
import type { TransferResult, TransferTask } from '../port.js';
import type { FileSource } from '../request/file-source.js';
import { BatchStock, type BatchItem } from './batch-stock.js';
import { BatchRun } from './batch-run.js';
import { FIRST_ORDER_FILES, MOST_ODD, MOST_TRIES, ORDER_BYTES, ORDER_FILES, ORDER_SHARE } from './limits.js';

export interface BatchOptions {
  /** A source as the batch asks it. */
  readonly made: (source: Source) => FileSource;
  /** A file is over: it is here. */
  readonly onResult: (item: BatchItem, result: TransferResult) => void;
  /** It is to be brought by itself, with the care that the batch does not take. */
  readonly onAlone: (item: BatchItem) => void;
}

/**
 * Many small files as one job: each of its requests is an order for a courier, who brings several files one after the other. The scheduler decides
 * whom is asked and over how many connections, as for a large file. Nothing is decided here about a file that comes otherwise than expected: it leaves.
 */
export class BatchJob implements Job {
  readonly environment: Environment;
  readonly sources: FileSource[] = [];
  readonly isLarge = false;
  readonly done: Promise<TransferResult>;
  progressAtMs: number;
  lastError: SluiceError | undefined;
  awaitedSources = 0;
  readonly #options: BatchOptions;
  readonly #stock: BatchStock;
  readonly #first: TransferTask;
  readonly #runs = new Set<BatchRun>();
  /** How many files came back from a source since one of it came. */
  readonly #odd = new Map<string, number>();
  readonly #delivering = new Set<string>();
  #finish!: (result: TransferResult) => void;
  #isOver = false;

  constructor(environment: Environment, items: readonly [BatchItem, ...BatchItem[]], options: BatchOptions) {
    this.environment = environment;
    this.#options = options;
    this.#stock = new BatchStock(items);
    this.#first = items[0].task;
    this.progressAtMs = environment.now();
    this.done = new Promise((resolve) => (this.#finish = resolve));
    for (const { sources } of items) for (const source of sources) this.#know(source);
  }

  /** The file that it is at. */
  get task(): TransferTask {
    const [run] = this.#runs;
    return run?.current?.task ?? this.#first;
  }

  get isFetching(): boolean {
    return !this.#isOver;
  }

  get doneBytes(): number {
    return [...this.#runs].reduce((sum, run) => sum + run.partBytes, 0);
  }

  get freeBytes(): number {
    return this.#isOver ? 0 : this.#stock.bytes;
  }

  get underway(): readonly Underway[] {
    return [...this.#runs].flatMap((run) => {
      const { current, partBytes } = run;
      return current === undefined || partBytes === 0 ? [] : [{ task: current.task, doneBytes: partBytes }];
    });
  }

  start(): void {
    this.environment.couriers.warm();
    this.environment.wake();
  }

  take(from: FileSource, wishBytes: number): Work | undefined {
    const { id } = from.source;
    if (this.#isOver || this.#isOdd(id)) return undefined;
    const usual = this.#delivering.has(id) ? ORDER_FILES : FIRST_ORDER_FILES;
    const most = Math.max(1, Math.min(usual, Math.ceil(this.#stock.count * ORDER_SHARE)));
    const items = this.#stock.take(id, most, Math.min(wishBytes, ORDER_BYTES));
    const [first] = items;
    if (first === undefined) return undefined;
    for (const item of items) this.#announce(item);
    const { now, lookedAtMs } = this.environment;
    const run = new BatchRun(this.environment, from, items, now() - lookedAtMs > FRESH_LOOK_MS, {
      onHere: (item, result) => this.#came(item, result, from),
      onOdd: (item) => this.#oddFrom(item, id),
      onGained: () => (this.progressAtMs = now()),
    });
    this.#runs.add(run);
    return run.asWork(() => this.#end(run));
  }

  split(): undefined {
    return undefined;
  }

  shun(): void {
    // Whoever is asked next is asked for other files.
  }

  /** Others have this file too. */
  joined(item: BatchItem, found: readonly Source[]): void {
    for (const source of found) {
      if (source.spans !== undefined || item.sources.some(({ id }) => id === source.id)) continue;
      item.sources.push(source);
      this.#know(source);
    }
    this.environment.wake();
  }

  /** What is left is no matter for a batch: each file meets, by itself, what this is about. */
  fail(error: SluiceError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.lastError ??= error;
    for (const run of this.#runs) run.abort();
    this.#leave(() => true);
    this.#endWhenOver();
  }

  #know(source: Source): void {
    if (!this.sources.some((known) => known.source.id === source.id)) this.sources.push(this.#options.made(source));
  }

  #announce({ task, sizeBytes, begun }: BatchItem): void {
    if (begun.isAnnounced) return;
    begun.isAnnounced = true;
    const sources = task.sources.map(({ id }) => id);
    this.environment.emit({ type: 'file.started', file: task.path, sizeBytes, resumedBytes: 0, sources });
  }

  #came(item: BatchItem, result: TransferResult, { source }: FileSource): void {
    this.#odd.delete(source.id);
    this.#delivering.add(source.id);
    this.#options.onResult(item, result);
  }

  #oddFrom(item: BatchItem, source: string): void {
    this.#odd.set(source, (this.#odd.get(source) ?? 0) + 1);
    this.#options.onAlone(item);
  }

  #isOdd(source: string): boolean {
    return (this.#odd.get(source) ?? 0) >= MOST_ODD;
  }

  /** @throws SluiceError why an order ended early */
  async #end(run: BatchRun): Promise<void> {
    let failure: SluiceError | undefined;
    try {
      await run.go();
    } catch (thrown) {
      failure = toSluiceError(thrown);
    }
    this.#runs.delete(run);
    const { failed } = run;
    if (failed !== undefined && failure !== undefined) {
      failed.begun.retries += 1;
      failed.begun.reason = failure.code;
    }
    const left = run.left;
    const tired = left.filter(({ begun }) => begun.retries >= MOST_TRIES);
    for (const item of tired) this.#options.onAlone(item);
    this.#stock.giveBack(left.filter((item) => !tired.includes(item)));
    this.#leaveLost();
    this.#endWhenOver();
    if (failure !== undefined) throw failure;
  }

  #isLost({ source, banned, state }: FileSource): boolean {
    return this.#isOdd(source.id) || (banned ?? state.banned) !== undefined;
  }

  /** Nobody is left whom the batch may ask for them. */
  #leaveLost(): void {
    const lost = new Set(this.sources.filter((from) => this.#isLost(from)).map(({ source }) => source.id));
    if (this.#isOver || lost.size === this.sources.length) this.#leave(() => true);
    else if (lost.size > 0) this.#leave(({ sources }) => sources.every(({ id }) => lost.has(id)));
  }

  #leave(fits: (item: BatchItem) => boolean): void {
    for (const item of this.#stock.remove(fits)) this.#options.onAlone(item);
  }

  #endWhenOver(): void {
    if (this.#runs.size > 0 || this.#stock.count > 0) return;
    this.#isOver = true;
    this.#finish({ task: this.#first, checks: [], fetchedBytes: 0, pieces: [] });
  }
}
