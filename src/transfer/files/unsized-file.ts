import { toSluiceError, type EventSink, type SluiceError, type SluiceEvent } from '../../base/index.js';
import { findShortage } from '../disk-room.js';
import type { Environment } from '../environment.js';
import { readJournal } from '../journal/read-journal.js';
import { MAX_RESTARTS } from '../limits.js';
import type { TransferResult, TransferTask } from '../port.js';
import type { FileSource } from '../request/file-source.js';
import { FirstAnswer, type Learnt } from './first-answer.js';
import type { Job, Work } from './job.js';
import { PieceFile } from './piece-file.js';
import { dropPartial, seedPartial, type Seeded } from './seed-partial.js';
import { StreamFile } from './stream-file.js';
import type { Turns } from './turns.js';

/**
 * A file whose size nobody listed, but whose digest is known. The first answer tells the size: what is small is done with that, anything larger goes
 * on as a file of pieces from all its sources, and only what no source tells the length of comes as one stream.
 */
export class UnsizedFile implements Job {
  readonly sources: readonly FileSource[];
  readonly done: Promise<TransferResult>;
  awaitedSources = 0;
  readonly #environment: Environment;
  readonly #task: TransferTask;
  readonly #turns: Turns;
  #finish!: (result: TransferResult) => void;
  #current: Job;
  /** Who told the size that is worked with; undefined when a journal did. */
  #teacher: FileSource | undefined;
  /** Those whose word turned out to be wrong. */
  readonly #liars = new Set<FileSource>();
  #isMisled = false;
  #restarts = 0;
  /** Brought by first requests, and by what came of wrong ones. */
  #firstBytes = 0;
  #failure: SluiceEvent | undefined;

  /** `turns` of files that turned out to be large. */
  constructor(environment: Environment, task: TransferTask, sources: readonly FileSource[], turns: Turns) {
    this.#environment = environment;
    this.#task = task;
    this.sources = sources;
    this.#turns = turns;
    this.done = new Promise((resolve) => (this.#finish = resolve));
    this.#current = this.#firstAnswer();
  }

  get task(): TransferTask {
    return this.#current.task;
  }

  get isLarge(): boolean {
    return this.#current.isLarge;
  }

  get isFetching(): boolean {
    return this.#current.isFetching;
  }

  get doneBytes(): number {
    return this.#current.doneBytes;
  }

  get progressAtMs(): number {
    return this.#current.progressAtMs;
  }

  set progressAtMs(atMs: number) {
    this.#current.progressAtMs = atMs;
  }

  get lastError(): SluiceError | undefined {
    return this.#current.lastError;
  }

  set lastError(error: SluiceError | undefined) {
    this.#current.lastError = error;
  }

  start(): void {
    this.#current.start();
  }

  get freeBytes(): number {
    return this.#current.freeBytes;
  }

  take(from: FileSource, wishBytes: number, nowMs: number): Work | undefined {
    return this.#current.take(from, wishBytes, nowMs);
  }

  split(victim: Work, from: FileSource, wishBytes: number): Work | undefined {
    return this.#current.split(victim, from, wishBytes);
  }

  shun(victim: Work, untilMs: number): void {
    this.#current.shun(victim, untilMs);
  }

  fail(error: SluiceError): void {
    this.#current.fail(error);
  }

  #firstAnswer(): FirstAnswer {
    const first: FirstAnswer = new FirstAnswer(this.#quietly(), this.#task, this.sources, {
      onLearnt: (learnt) => {
        this.#learnt(first, learnt).catch((thrown: unknown) => first.fail(toSluiceError(thrown)));
      },
      isKnownElsewhere: () => this.#continueEarlier(first),
    });
    void first.done.then((result) => this.#end(result));
    return first;
  }

  /** An earlier run found out how large it is, and has kept a part: nothing needs to be asked for twice. */
  async #continueEarlier(first: FirstAnswer): Promise<boolean> {
    const { digests } = this.#task;
    // The partials of other digests are named by the size too.
    if (digests.sha256 === undefined || this.#isMisled) return false;
    const journal = await readJournal(this.#environment.store.journalPath({ digests, sizeBytes: undefined }));
    if (journal === undefined) return false;
    const { sizeBytes } = journal.header;
    this.#handOver(first, () => new PieceFile(this.#quietly(), { ...this.#task, sizeBytes }, sizeBytes, this.sources));
    return true;
  }

  async #learnt(first: FirstAnswer, { from, sizeBytes, beginning }: Learnt): Promise<void> {
    const environment = this.#environment;
    this.#teacher = from;
    if (sizeBytes === undefined) {
      this.#handOver(first, () => new StreamFile(this.#quietly(), this.#task, this.sources));
      return;
    }
    const task = { ...this.#task, sizeBytes, ...this.#learntValidators(from) };
    const shortage = await findShortage(environment.store, [task], environment.signal);
    if (shortage !== undefined) throw shortage;
    environment.warm?.(from.route.likelyUrl, sizeBytes);
    const foreign = (await environment.foreignPartials?.(task)) ?? [];
    // What another tool left is worth more than a beginning, beside which it would not be looked at.
    const seed = beginning === undefined || foreign.length > 0 ? undefined : beginning;
    const seeded = seed === undefined ? undefined : await seedPartial(environment, task, seed);
    const quietly = this.#quietly(seeded);
    this.#handOver(first, () => new PieceFile(quietly, task, sizeBytes, this.sources));
  }

  /** The listing's validators are of the first source, and so must be those that stand in for them. */
  #learntValidators(from: FileSource): Pick<TransferTask, 'validators'> {
    const { validators } = from;
    return this.#task.validators !== undefined || validators === undefined || from !== this.sources[0]
      ? {}
      : { validators };
  }

  /** Large files wait for their turn; the request that found them out does not. */
  #handOver(first: FirstAnswer, makeNext: () => Job): void {
    void this.#turns.enter().then(() => {
      // It was given up meanwhile.
      if (!first.close()) {
        this.#turns.leave();
        return;
      }
      this.#firstBytes += first.fetchedBytes;
      const next = makeNext();
      this.#current = next;
      void next.done.then((result) => {
        this.#turns.leave();
        if (this.#isOutdated(result)) void this.#beginAnew(next.task, result);
        else if (this.#wasMisled(result)) this.#askAgain(result);
        else this.#end(result);
      });
      next.start();
    });
  }

  /** Content that only validators identify changed under our hands. */
  #isOutdated({ error }: TransferResult): boolean {
    return error?.code === 'SOURCE_CHANGED' && this.#task.validators === undefined && this.#restarts < MAX_RESTARTS;
  }

  async #beginAnew(task: TransferTask, result: TransferResult): Promise<void> {
    this.#restarts += 1;
    try {
      await dropPartial(this.#environment, task);
    } catch (thrown) {
      this.#end({ ...result, error: toSluiceError(thrown) });
      return;
    }
    for (const from of this.sources) if (from.banned?.code === 'SOURCE_CHANGED') from.banned = undefined;
    this.#restartWith(result);
  }

  /** Sources disagree about the size, and what was made of the word of one is wrong. */
  #wasMisled({ error }: TransferResult): boolean {
    if (error?.code !== 'SIZE_MISMATCH' && error?.code !== 'DIGEST_MISMATCH') return false;
    if (this.#teacher !== undefined) this.#liars.add(this.#teacher);
    return this.sources.some((from) => this.#contradicts(from));
  }

  #contradicts(from: FileSource): boolean {
    return from.banned?.code === 'SIZE_MISMATCH' && !this.#liars.has(from);
  }

  #askAgain(result: TransferResult): void {
    this.#isMisled = true;
    for (const from of this.sources.filter((each) => this.#contradicts(each))) {
      from.banned = undefined;
      from.doubtedMs = undefined;
    }
    for (const liar of this.#liars) this.#ban(liar, result.error);
    this.#restartWith(result);
  }

  #ban(liar: FileSource, error: SluiceError | undefined): void {
    if (liar.banned !== undefined || error === undefined) return;
    liar.banned = error;
    const { code, message } = error;
    this.#environment.emit({ type: 'source.banned', source: liar.source.id, code, message });
  }

  #restartWith({ fetchedBytes }: TransferResult): void {
    this.#firstBytes += fetchedBytes;
    this.#current = this.#firstAnswer();
    this.#current.start();
  }

  #end(result: TransferResult): void {
    if (result.error !== undefined && this.#failure !== undefined) this.#environment.emit(this.#failure);
    this.#finish({ ...result, task: this.#task, fetchedBytes: this.#firstBytes + result.fetchedBytes });
  }

  /** Events as of one file: a failure is told when it is the last word, and a beginning that this run brought was not there before. */
  #quietly(seeded?: Seeded): Environment {
    const { emit } = this.#environment;
    this.#failure = undefined;
    const quiet: EventSink = (event) => {
      if (event.type === 'file.failed') this.#failure = event;
      else if (event.type === 'file.started' && seeded !== undefined) {
        const { file } = event;
        const { bytes: endByte, isPiece, source, ms } = seeded;
        emit({ ...event, resumedBytes: event.resumedBytes - endByte });
        if (isPiece) emit({ type: 'piece.landed', file, index: 0, startByte: 0, endByte, source, ms });
      } else emit(event);
    };
    return { ...this.#environment, emit: quiet };
  }
}
