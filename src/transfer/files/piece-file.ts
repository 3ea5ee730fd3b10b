import { SluiceError, toSluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import type { Verdict } from '../../proof/index.js';
import type { Partial } from '../../store/index.js';
import type { Environment } from '../environment.js';
import type { LandedPiece, PiecePart } from '../journal/journal.js';
import { HEDGE_AFTER_MS, MAX_RESTARTS } from '../limits.js';
import type { PieceRecord, TransferTask } from '../port.js';
import { checkVersion, type FileSource } from '../request/file-source.js';
import { adoptForeign } from './adopt.js';
import { alreadyHere } from './already-here.js';
import { HeldFile, type Opening } from './held-file.js';
import { JobCore } from './job-core.js';
import type { Job, RunWish, Work } from './job.js';
import { isIdentified, openFile } from './open-file.js';
import { beginPiece, type PieceProgress } from './piece-progress.js';
import { PieceRun, type RunOwner } from './piece-run.js';
import { resumePiece } from './resume-piece.js';
import { Repair } from './repair.js';
import { RunSet, killAll } from './run-set.js';
import { victimFor } from './take-over.js';

type Phase = 'opening' | 'fetching' | 'proving';

/** A file of several pieces, on its way through a partial of the store. */
export class PieceFile extends JobCore implements Job, RunOwner {
  readonly sources: readonly FileSource[];
  readonly isLarge = true;
  lastError: SluiceError | undefined;
  readonly #sizeBytes: number;
  readonly #runs = new RunSet();
  /** Parts of pieces that requests left behind. */
  readonly #begun = new Map<number, PieceProgress>();
  readonly #repair: Repair;
  #phase: Phase = 'opening';
  #partial: Partial | undefined;
  #held: HeldFile | undefined;
  #mismatch: Verdict['mismatch'];
  /** The furthest byte that a whole-file request reached. */
  #wholeMark = 0;
  #begunBytes = 0;
  #restarts = 0;
  #wrongTrusted = new Map<string, number>();

  constructor(environment: Environment, task: TransferTask, sizeBytes: number, sources: readonly FileSource[]) {
    super(environment, task);
    this.#sizeBytes = sizeBytes;
    this.sources = sources;
    this.#repair = new Repair(environment, task, sources);
  }

  get path(): string {
    return this.task.path;
  }

  get held(): HeldFile {
    if (this.#held === undefined) throw new SluiceError('INTERNAL', { reason: `${this.path} is not open` });
    return this.#held;
  }

  get isFetching(): boolean {
    return this.#phase === 'fetching' && !this.isOver;
  }

  get doneBytes(): number {
    return Math.min(this.#sizeBytes, (this.#held?.map.landedBytes ?? 0) + this.#begunBytes);
  }

  start(): void {
    this.#settle(this.#open());
  }

  take(from: FileSource, wish: RunWish): Work | undefined {
    if (!this.isFetching || !this.#mayAsk(from) || this.held.map.freeCount === 0) return undefined;
    if (from.ignoresRanges) return this.#takeWhole(from);
    const { map } = this.held;
    // The nearer the end, the shorter the runs: what has to be taken over then is little.
    const fair = Math.ceil(map.freeCount / (2 * wish.connections));
    const run = map.takeRun(Math.max(1, Math.min(fair, Math.floor(wish.bytes / map.pieceBytes))));
    if (run === undefined) return undefined;
    let last = run.first;
    // A piece with a beginning is asked for from where it ends: only as the first of a run.
    while (last + 1 < run.first + run.count && !this.#begun.has(last + 1)) last += 1;
    for (let index = last + 1; index < run.first + run.count; index += 1) map.giveBack(index);
    return this.#track(new PieceRun(this, from, 'range', run.first, last));
  }

  takeOver(from: FileSource): Work | undefined {
    if (!this.isFetching || !this.#mayAsk(from) || from.ignoresRanges) return undefined;
    const taken = victimFor(this.#runs.all(), from, this.environment.now(), HEDGE_AFTER_MS);
    if (taken === undefined) return undefined;
    const { run, share } = taken;
    if (share === 'hedge') return this.#track(new PieceRun(this, from, 'hedge', run.index, run.index));
    const last = run.last;
    const first = last - Math.ceil((last - run.index) / 2) + 1;
    run.shrinkTo(first - 1);
    return this.#track(new PieceRun(this, from, 'range', first, last));
  }

  fail(error: SluiceError): void {
    if (!this.close()) return;
    void this.#end(error);
  }

  // What runs tell of themselves.

  checkVersion(from: FileSource, head: ResponseHead): void {
    // A digest says more than any validator, and edges of one hub may differ in theirs.
    if (isIdentified(this.task.digests)) return;
    const listed = from === this.sources[0] ? (this.task.validators ?? {}) : {};
    checkVersion(this.path, from, listed, head);
  }

  received(run: PieceRun, bytes: number, isWanted: boolean, position: number): void {
    this.fetchedBytes += bytes;
    if (isWanted && run.mode !== 'hedge') this.#begunBytes += bytes;
    // A source that always breaks at the same byte of the whole brings nothing by coming so far again.
    if (run.mode === 'range' ? isWanted : position > this.#wholeMark) this.gained();
    if (run.mode === 'whole') this.#wholeMark = Math.max(this.#wholeMark, position);
  }

  resume(index: number): PieceProgress {
    const begun = this.#begun.get(index);
    if (begun === undefined) return beginPiece(index, this.environment.now());
    this.#begun.delete(index);
    return begun;
  }

  async land(run: PieceRun, progress: PieceProgress): Promise<void> {
    const { index } = progress;
    const { held, environment } = this;
    const piece: LandedPiece = {
      index,
      sha256: progress.hash.digest('hex'),
      source: progress.sources.join('+'),
      atMs: Date.now(),
      ms: Math.round(environment.now() - progress.startedMs),
      retries: progress.retries,
      ...(progress.reason === undefined ? {} : { reason: progress.reason }),
    };
    this.#forget(run, progress);
    if (!(await this.#isRight(run, piece))) return;
    await held.land(piece);
    this.#repair.noteLanded(piece);
    environment.emit({
      type: 'piece.landed',
      file: this.path,
      index,
      ...held.rangeOf(index),
      source: piece.source,
      ms: piece.ms,
    });
    this.gained();
    if (held.map.isComplete && this.isFetching) this.#settle(this.#prove());
  }

  leave(run: PieceRun, index: number, progress: PieceProgress | undefined): void {
    const isShared = this.#runs.rivals(run, index).length > 0;
    if (!isShared) this.held.map.giveBack(index);
    if (progress === undefined) return;
    if (isShared || run.mode !== 'range') {
      this.#forget(run, progress);
      return;
    }
    progress.retries += 1;
    this.#begun.set(index, progress);
  }

  async #open(): Promise<void> {
    const { environment, task } = this;
    const here = await alreadyHere(environment.store, task, environment.signal);
    if (here !== undefined) {
      if (this.close()) this.succeedWith(here);
      return;
    }
    const url = task.sources[0]?.url;
    const partial = await environment.store.openPartial(
      {
        digests: task.digests,
        sizeBytes: this.#sizeBytes,
        ...(url === undefined ? {} : { url }),
        ...(task.validators ? { validators: task.validators } : {}),
      },
      {
        signal: environment.signal,
        onWait: (holder) => environment.emit({ type: 'file.waiting', file: this.path, holder }),
      },
    );
    if (partial === undefined) {
      this.#phase = 'opening';
      return this.#open();
    }
    this.#partial = partial;
    partial.lost.addEventListener('abort', () => this.fail(this.#lost()), { once: true });
    await this.#begin(partial);
  }

  async #begin(partial: Partial): Promise<void> {
    const { environment, task } = this;
    let opening: Opening;
    try {
      opening = await openFile(environment, task, this.#sizeBytes, partial);
      environment.signal.throwIfAborted();
      this.#held = await HeldFile.open(environment, task, opening);
    } catch (thrown) {
      // Whoever ends the file lets go of what it holds, which this is not yet.
      await partial.release();
      throw thrown;
    }
    const { held } = this;
    // It ended while this was being opened, and could not let go of it then.
    if (this.#isGivenUp()) return held.release();
    if (held.map.landedBytes === 0) await adoptForeign(environment, task, held);
    for (const part of opening.parts.values()) await this.#pickUp(part);
    if (this.isOver) return;
    this.announce(this.#sizeBytes, this.doneBytes);
    this.gained();
    this.#phase = 'fetching';
    if (held.map.isComplete) return this.#prove();
    environment.wake();
  }

  #isGivenUp(): boolean {
    return this.isOver;
  }

  /** Goes on with a piece that an earlier run began, if its bytes are still there. */
  async #pickUp(part: PiecePart): Promise<void> {
    const { held, environment } = this;
    if (!held.map.isFree(part.index)) return;
    const progress = await resumePiece(held, part, environment);
    if (progress === undefined) return;
    this.#begun.set(part.index, progress);
    this.#begunBytes += progress.filledBytes;
  }

  /** All pieces have landed: says what they are together. */
  async #prove(): Promise<void> {
    this.#phase = 'proving';
    const { held, environment } = this;
    await killAll(this.#runs.all().filter((run) => run.mode !== 'range'));
    if (this.#repair.needsProof || this.#mismatch === undefined) {
      const verdict = await held.verdict();
      if (this.isOver) return;
      this.#mismatch = verdict.mismatch;
      if (verdict.mismatch === undefined) return this.#commit(verdict);
    }
    if (this.#mismatch === undefined) throw new SluiceError('INTERNAL', { reason: 'a proof without a verdict' });
    await this.#repair.next(held, this.#mismatch);
    this.#begunBytes = 0;
    this.#wholeMark = 0;
    this.#phase = 'fetching';
    this.gained();
    environment.wake();
  }

  async #commit({ sha256, sizeBytes, digests, checks }: Verdict): Promise<void> {
    if (!this.close()) return;
    this.#repair.succeeded();
    const { held } = this;
    const hashes = held.pieceHashes();
    const pieces = this.#records();
    try {
      await held.commit({ sha256, sizeBytes, digests, ...(hashes ? { pieces: hashes } : {}) });
    } catch (thrown) {
      await held.partial.release().catch(() => undefined);
      this.failed(toSluiceError(thrown), pieces);
      return;
    }
    this.succeed({ sha256, sizeBytes, checks, pieces });
  }

  /** The file was closed by `error`: stops what is under way and keeps what arrived. */
  async #end(error: SluiceError): Promise<void> {
    const held = this.#held;
    const pieces = held === undefined ? [] : this.#records();
    for (const run of this.#runs.all()) run.abort();
    let outcome = error;
    try {
      await this.#runs.over();
      if (error.code === 'DIGEST_MISMATCH') {
        await held?.reset();
        await held?.partial.release();
      } else await held?.release(this.#begun.values());
    } catch (thrown) {
      outcome = error.code === 'INTERRUPTED' ? error : toSluiceError(thrown);
    }
    this.failed(outcome, pieces);
  }

  /** Content that nothing identifies changed under our hands: what arrived is worthless. False when it changes too often. */
  async restart(): Promise<boolean> {
    if (this.#phase === 'opening') return true;
    if (this.#restarts >= MAX_RESTARTS || !this.isFetching || this.#partial === undefined) return false;
    this.#restarts += 1;
    this.#phase = 'opening';
    await killAll(this.#runs.all());
    await this.#runs.over();
    const { held } = this;
    this.#held = undefined;
    await held.reset();
    this.#begun.clear();
    this.#begunBytes = 0;
    for (const from of this.sources) from.validators = undefined;
    await this.#begin(this.#partial);
    return true;
  }

  #mayAsk(from: FileSource): boolean {
    const { only } = this.#repair;
    if (only === undefined || from.source.id === only) return true;
    const wanted = this.sources.find(({ source }) => source.id === only);
    if (wanted !== undefined && wanted.banned === undefined) return false;
    this.#repair.only = undefined;
    return true;
  }

  /** A source that only sends whole files is used by one connection, and when nobody else can do better. */
  #takeWhole(from: FileSource): Work | undefined {
    const others = this.sources.filter((other) => other !== from && other.banned === undefined);
    if (others.some((other) => !other.ignoresRanges && this.#mayAsk(other))) return undefined;
    if (this.#runs.hasWhole) return undefined;
    for (const begun of this.#begun.values()) this.#begunBytes -= begun.filledBytes;
    this.#begun.clear();
    return this.#track(new PieceRun(this, from, 'whole', 0, this.held.map.count - 1));
  }

  #track(run: PieceRun): Work {
    return this.#runs.add(run, (code) => {
      const begun = this.#begun.get(run.index);
      if (begun !== undefined) begun.reason = code;
    });
  }

  #forget(run: PieceRun, progress: PieceProgress): void {
    if (run.mode !== 'hedge') this.#begunBytes = Math.max(0, this.#begunBytes - progress.filledBytes);
  }

  /** Whether a piece may be counted on; when not, it is free again. */
  async #isRight(run: PieceRun, piece: LandedPiece): Promise<boolean> {
    const { held } = this;
    const rivals = this.#runs.rivals(run, piece.index);
    await killAll(rivals);
    // Rivals wrote to the same place, perhaps other bytes.
    const isTorn = rivals.length > 0 && (await held.unlike([piece])).length > 0;
    const expected = held.trusted?.[piece.index];
    const isWrong = expected !== undefined && expected !== piece.sha256;
    if (isTorn || isWrong) held.map.giveBack(piece.index);
    if (isWrong) throw this.#wrongPiece(piece, expected);
    return !isTorn;
  }

  #wrongPiece(piece: LandedPiece, expected: string): SluiceError {
    const { index, source, sha256 } = piece;
    const details = { path: this.path, algorithm: 'sha256', expected, actual: sha256, source };
    const error = new SluiceError('DIGEST_MISMATCH', details);
    this.environment.emit({ type: 'piece.wrong', file: this.path, index, source, message: error.message });
    // The same source gets a second chance at the piece: a byte may have flipped on the way.
    const key = `${source} ${index}`;
    this.#wrongTrusted.set(key, (this.#wrongTrusted.get(key) ?? 0) + 1);
    const isLast = (this.#wrongTrusted.get(key) ?? 0) > 1;
    return isLast ? error : new SluiceError('BAD_RESPONSE', { host: source, reason: 'a piece with wrong bytes' });
  }

  #records(): PieceRecord[] {
    const { held } = this;
    return [...held.landed.values()]
      .sort((left, right) => left.index - right.index)
      .map(({ index, source, atMs, ms, retries, reason }) => ({
        ...{ index, source, atMs, ms, retries, ...held.rangeOf(index) },
        ...(reason === undefined ? {} : { reason }),
      }));
  }

  #lost(): SluiceError {
    return new SluiceError('FILE_SYSTEM', { path: this.path, reason: 'another process took this partial over' });
  }

  #settle(work: Promise<void>): void {
    work.catch((thrown: unknown) => this.fail(toSluiceError(thrown)));
  }
}
