import type { SluiceError } from '../../base/index.js';
import type { Environment } from '../environment.js';
import type { PieceRecord, TransferResult, TransferTask } from '../port.js';

/** What every kind of file on its way has in common: it ends once, one way or the other. */
export class JobCore {
  readonly environment: Environment;
  readonly task: TransferTask;
  readonly done: Promise<TransferResult>;
  progressAtMs: number;
  fetchedBytes = 0;
  /** Taken from other files that are here. */
  copiedBytes = 0;
  awaitedSources = 0;
  #finish!: (result: TransferResult) => void;
  #isOver = false;

  constructor(environment: Environment, task: TransferTask) {
    this.environment = environment;
    this.task = task;
    this.progressAtMs = environment.now();
    this.done = new Promise((resolve) => (this.#finish = resolve));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  gained(): void {
    this.progressAtMs = this.environment.now();
  }

  announce(sizeBytes: number | undefined, resumedBytes: number): void {
    const { path: file, sources } = this.task;
    const ids = sources.map(({ id }) => id);
    this.environment.emit({
      type: 'file.started',
      file,
      sizeBytes: sizeBytes ?? null,
      resumedBytes,
      sources: ids,
    });
  }

  /** Claims the right to end the file; true for the first caller only. */
  close(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    return true;
  }

  succeed(result: Omit<TransferResult, 'task' | 'fetchedBytes' | 'copiedBytes'>): void {
    const { environment, task } = this;
    const { sha256 = '', sizeBytes = 0, checks } = result;
    environment.emit({ type: 'file.proven', file: task.path, sizeBytes, sha256, checks });
    if (checks.length === 0)
      environment.emit({
        type: 'notice',
        code: 'UNPROVEN',
        message: `${task.path}: its origin gives no digest, so only its size was checked. Its SHA-256 is ${sha256}.`,
      });
    this.#finish({ ...result, task, ...this.#counts() });
  }

  /** It was in the store all along, or came there by another process. */
  succeedWith(result: TransferResult): void {
    this.#finish({ ...result, ...this.#counts() });
  }

  failed(error: SluiceError, pieces: readonly PieceRecord[]): void {
    const { path: file } = this.task;
    if (error.code !== 'INTERRUPTED')
      this.environment.emit({ type: 'file.failed', file, code: error.code, message: error.message });
    this.#finish({ task: this.task, checks: [], ...this.#counts(), pieces, error });
  }

  #counts(): Pick<TransferResult, 'fetchedBytes' | 'copiedBytes'> {
    const { fetchedBytes, copiedBytes } = this;
    return { fetchedBytes, ...(copiedBytes === 0 ? {} : { copiedBytes }) };
  }
}
