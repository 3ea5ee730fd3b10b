import { SluiceError, toSluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import type { Verdict } from '../../proof/index.js';
import type { Partial } from '../../store/index.js';
import { Doubts, type DoubtOwner } from '../doubt/doubts.js';
import type { Environment } from '../environment.js';
import { MAX_RESTARTS } from '../limits.js';
import type { TransferTask } from '../port.js';
import { hasOther, isShut, type FileSource } from '../request/file-source.js';
import { adoptForeign } from './adopt.js';
import { chooseShare } from './choose-share.js';
import { Furthest } from './furthest.js';
import { HeldFile, type Opening } from './held-file.js';
import { JobCore } from './job-core.js';
import { HandOut, type Share } from './hand-out.js';
import type { Job, Work } from './job.js';
import { ListedPieces } from './listed-pieces.js';
import { openFile } from './open-file.js';
import { findOrOpen, takenOver } from './open-partial.js';
import { beginPiece, landedPiece, type PieceProgress } from './piece-progress.js';
import { pieceRecords } from './piece-records.js';
import { PieceRun, type RunOwner } from './piece-run.js';
import { resumePieces } from './resume-piece.js';
import { Repair } from './repair.js';
import { KnownChunks } from './known-chunks.js';
import { RunSet, killAll } from './run-set.js';
import { WantedPieces } from './wanted-pieces.js';
import { watchVersion } from './watch-version.js';

/** A file of several pieces, on its way through a partial of the store. */
export class PieceFile extends JobCore implements Job, RunOwner, DoubtOwner {
  readonly sources: readonly FileSource[];
  readonly isLarge = true;
  lastError: SluiceError | undefined;
  readonly #sizeBytes: number;
  readonly #runs = new RunSet();
  /** Parts of pieces that requests left behind. */
  readonly #begun = new Map<number, PieceProgress>();
  #doubts: Doubts;
  #repair: Repair;
  /** Pieces are just being freed. */
  #drops = 0;
  readonly #chunks: KnownChunks;
  #phase: 'opening' | 'fetching' | 'proving' = 'opening';
  #partial: Partial | undefined;
  #held: HeldFile | undefined;
  #handOut: HandOut | undefined;
  #mismatch: Verdict['mismatch'];
  readonly #furthest = new Furthest();
  #restarts = 0;
  readonly #listed: ListedPieces;
  /** Undefined where all of it is fetched. */
  readonly #wanted: WantedPieces | undefined;

  constructor(environment: Environment, task: TransferTask, sizeBytes: number, sources: readonly FileSource[]) {
    super(environment, task);
    this.#sizeBytes = sizeBytes;
    this.sources = sources;
    this.#listed = new ListedPieces(environment, task.path);
    this.#doubts = new Doubts(this, sizeBytes);
    this.#repair = new Repair(environment, task, sources, this.#doubts);
    this.#chunks = new KnownChunks(environment, task.path, sources);
    const { demand } = task;
    this.#wanted = demand === undefined ? undefined : new WantedPieces(demand, () => this.#wantsElse());
  }

  get path(): string {
    return this.task.path;
  }

  get held(): HeldFile {
    if (this.#held === undefined) throw new SluiceError('INTERNAL', { reason: `${this.path} is not open` });
    return this.#held;
  }

  /** Not while nobody wants what is missing. */
  get isFetching(): boolean {
    if (!this.#isOpen) return false;
    return this.#wanted?.isWorkIn(this.held.map) !== false || !this.#runs.isEmpty;
  }

  get #isOpen(): boolean {
    return this.#phase === 'fetching' && !this.isOver;
  }

  get doneBytes(): number {
    let bytes = this.#held?.map.landedBytes ?? 0;
    for (const { filledBytes } of [...this.#begun.values(), ...this.#runs.all()]) bytes += filledBytes;
    return Math.min(this.#sizeBytes, bytes);
  }

  start(): void {
    this.#settle(this.#open());
  }

  get freeBytes(): number {
    return (this.#held?.map.freeCount ?? 0) * (this.#held?.map.pieceBytes ?? 0) + this.#doubts.leftBytes;
  }

  take(from: FileSource, wishBytes: number, nowMs: number): Work | undefined {
    if (!this.isFetching || this.#isShut(from)) return undefined;
    const hasFree = this.held.map.freeCount > 0;
    const comparison = this.#doubts.take(from, wishBytes, hasFree);
    if (comparison !== undefined || !hasFree) return comparison;
    if (from.ignoresRanges) return this.#takeWhole(from);
    if (this.#handOut === undefined) return undefined;
    const { held, sources } = this;
    const shares = { held, sources, handOut: this.#handOut, runs: this.#runs.all(), wanted: this.#wanted };
    return this.#runOf(chooseShare(shares, from, wishBytes, nowMs), from);
  }

  split(victim: Work, from: FileSource, wishBytes: number): Work | undefined {
    const run = this.#runs.runOf(victim);
    if (run?.mode !== 'range' || !this.#isOpen || this.#isShut(from) || from.ignoresRanges) return undefined;
    return this.#runOf(this.#handOut?.split(run, wishBytes), from);
  }

  #runOf(share: Share | undefined, from: FileSource): Work | undefined {
    return share === undefined ? undefined : this.#track(new PieceRun(this, from, 'range', share.first, share.last));
  }

  shun(victim: Work, untilMs: number): void {
    const run = this.#runs.runOf(victim);
    // Where there is nobody else, the pieces would only wait.
    const open = this.sources.filter((each) => !this.#isShut(each));
    if (run?.mode !== 'range' || !hasOther(open, run.from)) return;
    this.#handOut?.shun({ first: run.index, last: run.last }, run.from.source.id, untilMs);
  }

  fail(error: SluiceError): void {
    if (!this.close()) return;
    void this.#end(error);
  }

  // What runs tell of themselves.

  checkVersion(from: FileSource, head: ResponseHead): void {
    watchVersion(this.task, from === this.sources[0], from, head);
  }

  received(run: PieceRun, bytes: number, position: number): void {
    this.fetchedBytes += bytes;
    // A source that always breaks at the same byte, of the whole or of a piece, brings nothing by coming so far again.
    if (this.#furthest.advance(run, position)) this.gained();
  }

  copied(bytes: number): void {
    this.copiedBytes += bytes;
    this.fetchedBytes -= bytes;
  }

  compared(bytes: number): void {
    this.fetchedBytes += bytes;
    this.gained();
  }

  drop(indexes: readonly number[]): void {
    if (!this.isOver) this.#settle(this.#drop(indexes));
  }

  endRuns(from: FileSource): void {
    for (const run of this.#runs.all()) if (run.from === from) run.abort();
    for (const [index, { sources }] of this.#begun) if (sources.includes(from.source.id)) this.#begun.delete(index);
  }

  searched(): void {
    if (this.#drops > 0 || !this.held.map.isComplete) return;
    this.#phase = 'proving';
    this.#settle(this.#mend());
  }

  resume(index: number): PieceProgress {
    const begun = this.#begun.get(index);
    this.#wanted?.resumed(this.held, index, begun?.filledBytes ?? 0);
    if (begun === undefined) return beginPiece(index, this.environment.now());
    this.#begun.delete(index);
    return begun;
  }

  arrived(index: number, endByte: number): void {
    this.#wanted?.arrived(this.held, index, endByte);
  }

  async land(progress: PieceProgress, digest: string): Promise<void> {
    const { index } = progress;
    const { held, environment } = this;
    const by = this.sources.filter(({ source }) => progress.sources.includes(source.id));
    const isWanted = (): boolean => !by.some((from) => isShut(this.sources, from));
    if (!isWanted()) {
      held.refuse(index);
      return this.#wanted?.refused(held, index);
    }
    const piece = await held.known(landedPiece(progress, digest, environment.now()));
    this.#listed.assertRight(held, piece, by.length === 1 && by.every((from) => hasOther(this.sources, from)));
    // Whoever brought it may be set aside until it is written down: what counted then would stay.
    if (!(await held.land(piece, isWanted))) return this.#wanted?.refused(held, index);
    this.#furthest.landed(index);
    this.#wanted?.landed(index);
    this.#repair.noteLanded(piece);
    const { source, ms } = piece;
    environment.emit({ type: 'piece.landed', file: this.path, index, ...held.rangeOf(index), source, ms });
    this.gained();
    this.#proveIfComplete();
  }

  leave(run: PieceRun, index: number, progress: PieceProgress | undefined): void {
    this.held.map.giveBack(index);
    if (progress === undefined || run.mode !== 'range') return;
    if (isShut(this.sources, run.from)) return this.#wanted?.refused(this.held, index);
    progress.retries += 1;
    this.#begun.set(index, progress);
  }

  async #open(): Promise<void> {
    const found = await findOrOpen(this.environment, this.task, this.#sizeBytes);
    if ('here' in found) {
      if (this.close()) this.succeedWith(found.here);
      return;
    }
    this.#partial = found.partial;
    this.#partial.lost.addEventListener('abort', () => this.fail(takenOver(this.path)), { once: true });
    await this.#begin(this.#partial);
  }

  async #begin(partial: Partial): Promise<void> {
    const { environment, task } = this;
    let opening: Opening;
    try {
      opening = await openFile(environment, task, this.#sizeBytes, partial);
      environment.signal.throwIfAborted();
      this.#held = await HeldFile.open(environment, task, opening);
      this.#handOut = new HandOut(this.#held.map, (index) => this.#begun.has(index));
    } catch (thrown) {
      // Whoever ends the file lets go of what it holds, which this is not yet.
      await partial.release();
      throw thrown;
    }
    const { held } = this;
    // It ended while this was being opened, and could not let go of it then.
    if (this.#isGivenUp()) return held.release();
    if (held.map.landedBytes === 0) await adoptForeign(environment, task, held);
    for await (const begun of resumePieces(held, opening.parts.values(), environment))
      this.#begun.set(begun.index, begun);
    if (!held.map.isComplete) await this.#chunks.look(this.#sizeBytes);
    if (this.isOver) return;
    this.#wanted?.opened(held, (index) => this.#distrust(held, index));
    this.announce(this.#sizeBytes, this.doneBytes);
    this.gained();
    this.#phase = 'fetching';
    if (held.map.isComplete) return this.#prove();
    environment.wake();
  }

  #wantsElse(): void {
    const map = this.#isOpen ? this.held.map : undefined;
    const wasIdle = map?.freeCount === 0 && this.#runs.isEmpty;
    if (this.#wanted?.changed(map) !== true) return;
    // Until now there was nothing to get further with.
    if (wasIdle) this.gained();
    this.environment.wake();
  }

  /** What the disk has of a piece is not what arrived, which is nobody's lie. While the whole is being proven the proof will say so. */
  #distrust(held: HeldFile, index: number): void {
    if (!this.#isOpen || this.held !== held) return;
    this.#drops += 1;
    this.#settle(held.distrust(index).finally(() => (this.#drops -= 1)).then(this.environment.wake)); // prettier-ignore
  }

  #isGivenUp(): boolean {
    return this.isOver;
  }

  async #drop(indexes: readonly number[]): Promise<void> {
    this.#drops += 1;
    try {
      await this.#repair.drop(this.held, indexes, this.#phase !== 'fetching');
    } finally {
      this.#drops -= 1;
    }
    this.#proveIfComplete();
    this.environment.wake();
  }

  #proveIfComplete(): void {
    if (!this.held.map.isComplete || !this.#isOpen || this.#drops > 0) return;
    if (!this.#doubts.isSearching || this.#repair.needsProof) this.#settle(this.#prove());
  }

  /** All pieces have landed: says what they are together. */
  async #prove(): Promise<void> {
    this.#phase = 'proving';
    await killAll(this.#runs.all().filter((run) => run.mode !== 'range'));
    if (this.#repair.needsProof || this.#mismatch === undefined) {
      const verdict = await this.held.verdict();
      if (this.isOver) return;
      this.#mismatch = verdict.mismatch;
      if (verdict.mismatch === undefined) return this.#commit(verdict);
    }
    await this.#mend();
  }

  async #mend(): Promise<void> {
    if (this.#mismatch === undefined) throw new SluiceError('INTERNAL', { reason: 'a proof without a verdict' });
    await this.#repair.next(this.held, this.#mismatch);
    this.#furthest.forget();
    this.#phase = 'fetching';
    this.gained();
    // What was found out in the meantime.
    await this.#drop([]);
  }

  async #commit(verdict: Verdict): Promise<void> {
    const { sha256, sizeBytes, digests, checks } = verdict;
    const { held } = this;
    this.#wanted?.verified();
    const proven = this.#repair.wasNeeded ? checks : await this.#chunks.checks(verdict, held.landed.values());
    if (!this.close()) return;
    this.#doubts.stop();
    this.#repair.succeeded(held);
    const hashes = held.pieceDigests();
    const pieces = pieceRecords(held);
    try {
      await held.commit({ sha256, sizeBytes, digests, ...(hashes ? { pieces: hashes } : {}) });
    } catch (thrown) {
      await held.partial.release().catch(() => undefined);
      this.failed(toSluiceError(thrown), pieces);
      return;
    }
    await this.#chunks.keep(sha256);
    this.succeed({ sha256, sizeBytes, checks: proven, pieces });
  }

  /** The file was closed by `error`: stops what is under way and keeps what arrived. */
  async #end(error: SluiceError): Promise<void> {
    const held = this.#held;
    const pieces = held === undefined ? [] : pieceRecords(held);
    this.#doubts.stop();
    for (const run of this.#runs.all()) run.abort();
    let outcome = error;
    try {
      await this.#runs.over();
      // By a list each piece that landed is right: it was others that were wrong.
      if (error.code === 'DIGEST_MISMATCH' && held?.isListed !== true) {
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
    if (this.#restarts >= MAX_RESTARTS || !this.#isOpen || this.#partial === undefined) return false;
    this.#restarts += 1;
    this.#phase = 'opening';
    await killAll(this.#runs.all());
    await this.#runs.over();
    const { held } = this;
    this.#held = undefined;
    await held.reset();
    this.#begun.clear();
    this.#doubts.stop();
    this.#doubts = new Doubts(this, this.#sizeBytes);
    this.#repair = new Repair(this.environment, this.task, this.sources, this.#doubts);
    for (const from of this.sources) Object.assign(from, { validators: undefined, isSetAside: false });
    await this.#begin(this.#partial);
    return true;
  }

  /** Whether this source is not asked for pieces: set aside, or another has most of the file's chunks here. */
  #isShut(from: FileSource): boolean {
    // Once something is wrong it is for the repair to say who is asked.
    return isShut(this.sources, from) || (!this.#repair.wasNeeded && !this.#chunks.allows(from));
  }

  /** A source that only sends whole files is used by one connection, and when nobody else can do better. */
  #takeWhole(from: FileSource): Work | undefined {
    const others = this.sources.filter((other) => other !== from && other.banned === undefined);
    if (this.#runs.hasWhole || others.some((other) => !other.ignoresRanges && !this.#isShut(other))) return undefined;
    this.#begun.clear();
    this.#wanted?.begunAnew(this.held);
    return this.#track(new PieceRun(this, from, 'whole', 0, this.held.map.count - 1));
  }

  #track(run: PieceRun): Work {
    const is = { isOpen: () => this.#held !== undefined, wanted: this.#wanted };
    return this.#runs.add(run, this.held, is, (reason) => {
      const begun = this.#begun.get(run.index);
      if (begun !== undefined) begun.reason = reason;
    });
  }

  #settle(work: Promise<void>): void {
    work.catch((thrown: unknown) => this.fail(toSluiceError(thrown)));
  }
}
