import { DIGEST_ALGORITHMS, SluiceError } from '../../base/index.js';
import { gateKey, type ResponseHead } from '../../net/index.js';
import { revivedFailure } from '../carry/plain-failure.js';
import { clockMs, Slot } from '../carry/slot.js';
import type { Environment } from '../environment.js';
import type { RequestView, Work } from '../files/job.js';
import { workOf } from '../files/request-work.js';
import type { TransferResult } from '../port.js';
import type { FileSource } from '../request/file-source.js';
import type { BatchItem } from './batch-stock.js';
import type { Errand } from './couriers.js';
import type { BatchEnd, BatchFile, BatchOrder, FileReport } from './messages.js';

export interface BatchRunOwner {
  onHere(item: BatchItem, result: TransferResult): void;
  /** It came otherwise than expected. */
  onOdd(item: BatchItem): void;
  onGained(): void;
}

/** One order for a courier, as a request that the scheduler has under way. */
export class BatchRun implements RequestView {
  readonly index = 0;
  readonly spareBytes = 0;
  readonly keeps = 'whole';
  readonly from: FileSource;
  /** At which it ended early. */
  failed: BatchItem | undefined;
  readonly #environment: Environment;
  readonly #owner: BatchRunOwner;
  readonly #items: readonly BatchItem[];
  readonly #order: BatchOrder;
  /** By their places in the order. */
  readonly #open: Map<number, BatchItem>;
  readonly #slot = Slot.create(0, 0);
  readonly #totalBytes: number;
  #endedBytes = 0;
  #countedBytes = 0;
  #errand: Errand | undefined;
  #isStopped = false;

  constructor(
    environment: Environment,
    from: FileSource,
    items: readonly BatchItem[],
    looksFirst: boolean,
    owner: BatchRunOwner,
  ) {
    this.#environment = environment;
    this.#owner = owner;
    this.from = from;
    this.#items = items;
    this.#open = new Map(items.entries());
    this.#totalBytes = items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const { id, headers, credentials } = from.source;
    this.#order = {
      source: id,
      ...(headers === undefined ? {} : { headers }),
      ...(credentials === undefined ? {} : { credentials }),
      files: items.map((item) => fileOf(item, id)),
      slot: this.#slot.shared,
      looksFirst,
    };
  }

  /** The first file that is not over. */
  get current(): BatchItem | undefined {
    return this.#open.values().next().value;
  }

  /** Files that nothing came of. */
  get left(): readonly BatchItem[] {
    return [...this.#open.values()];
  }

  get receivedBytes(): number {
    return this.#slot.receivedBytes;
  }

  /** Of files that are not over. */
  get partBytes(): number {
    return Math.max(0, this.receivedBytes - this.#endedBytes);
  }

  get leftBytes(): number {
    return Math.max(0, this.#totalBytes - this.receivedBytes);
  }

  get askedMs(): number | undefined {
    return this.#ownMs(this.#slot.askedMs);
  }

  get firstByteMs(): number | undefined {
    return this.#ownMs(this.#slot.firstByteMs);
  }

  get lastByteMs(): number | undefined {
    return this.#ownMs(this.#slot.lastByteMs);
  }

  asWork(run: () => Promise<void>): Work {
    return workOf(this, { run, abort: () => this.abort() });
  }

  /** Asked apart, as it changes while the order is under way. */
  private get isStopped(): boolean {
    return this.#isStopped;
  }

  abort(): void {
    this.#isStopped = true;
    this.#errand?.stop();
  }

  /** @throws SluiceError why it ended early; INTERRUPTED when it was told to */
  async go(): Promise<void> {
    if (this.#isStopped) throw new SluiceError('INTERRUPTED');
    const { pulse, gate } = this.#environment;
    const count = (): void => this.#count();
    pulse.add(count);
    const errand = this.#environment.couriers.bring(this.#order, {
      onFile: (report) => this.#judge(report),
      onRedirect: (at, target, head) => {
        gate?.note(gateKey(head.url), head);
        this.#sourceOf(this.#items[at])?.redirected?.(target);
      },
      onPause: (head) => void gate?.note(gateKey(head.url), head),
    });
    this.#errand = errand;
    const end = await errand.ended;
    pulse.delete(count);
    this.#count();
    const error = this.#errorOf(end);
    if (error !== undefined) throw error;
    if (this.isStopped) throw new SluiceError('INTERRUPTED');
  }

  #errorOf({ at, refusal, failure }: BatchEnd): SluiceError | undefined {
    this.failed = at === undefined ? undefined : this.#open.get(at);
    if (failure !== undefined) return revivedFailure(failure);
    return refusal === undefined ? undefined : this.#refused(refusal);
  }

  #refused(head: ResponseHead): SluiceError {
    this.#environment.gate?.note(gateKey(head.url), head);
    return (this.#sourceOf(this.failed) ?? this.from.source).failure(head, '');
  }

  #judge(report: FileReport): void {
    const item = this.#open.get(report.at);
    if (item === undefined) return;
    this.#open.delete(report.at);
    this.#endedBytes += item.sizeBytes;
    this.#owner.onGained();
    if (report.kind === 'stored') this.#stored(item, report);
    else if (report.kind === 'here') this.#here(item, report.sha256);
    else {
      if (report.kind === 'wrong') this.#wrong(item, report);
      this.#owner.onOdd(item);
    }
  }

  #stored(item: BatchItem, { sha256, checks, ms }: Extract<FileReport, { kind: 'stored' }>): void {
    const { task, sizeBytes, begun } = item;
    const { emit } = this.#environment;
    const source = this.from.source.id;
    const piece = { index: 0, startByte: 0, endByte: sizeBytes };
    emit({ type: 'piece.landed', file: task.path, ...piece, source, ms });
    emit({ type: 'file.proven', file: task.path, sizeBytes, sha256, checks });
    const { retries, reason } = begun;
    const record = { ...piece, source, ms, atMs: Date.now(), retries, ...(reason === undefined ? {} : { reason }) };
    const fetchedBytes = begun.fetchedBytes + sizeBytes;
    this.#owner.onHere(item, { task, sha256, sizeBytes, checks, fetchedBytes, pieces: [record] });
  }

  #here(item: BatchItem, sha256: string): void {
    const { task, sizeBytes, begun } = item;
    const known = DIGEST_ALGORITHMS.find((algorithm) => task.digests[algorithm] !== undefined);
    const checks = known === undefined ? [] : [known];
    this.#owner.onHere(item, { task, sha256, sizeBytes, checks, fetchedBytes: begun.fetchedBytes, pieces: [] });
  }

  #wrong({ task, sizeBytes, begun }: BatchItem, { mismatch }: Extract<FileReport, { kind: 'wrong' }>): void {
    const source = this.from.source.id;
    const { message } = new SluiceError('DIGEST_MISMATCH', { path: task.path, ...mismatch, source });
    this.#environment.emit({ type: 'piece.wrong', file: task.path, index: 0, source, message });
    this.from.state.wrongPieces += 1;
    begun.doubted = source;
    begun.fetchedBytes += sizeBytes;
  }

  #sourceOf(item: BatchItem | undefined): BatchItem['sources'][number] | undefined {
    return item?.sources.find(({ id }) => id === this.from.source.id);
  }

  #count(): void {
    const { receivedBytes } = this;
    if (receivedBytes === this.#countedBytes) return;
    this.from.state.received(receivedBytes - this.#countedBytes);
    this.#countedBytes = receivedBytes;
    this.#owner.onGained();
  }

  /** By the clock of the environment. */
  #ownMs(sharedMs: number): number | undefined {
    return sharedMs === 0 ? undefined : this.#environment.now() - (clockMs() - sharedMs);
  }
}

function fileOf({ task, sizeBytes, sources }: BatchItem, source: string): BatchFile {
  const url = sources.find(({ id }) => id === source)?.url ?? '';
  return { path: task.path, url, sizeBytes, digests: task.digests };
}
