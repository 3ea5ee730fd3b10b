import { open, type FileHandle } from 'node:fs/promises';
import { SluiceError, WriteTurn } from '../../base/index.js';
import {
  pieceAlgorithmOf,
  Residents,
  SLAB_BYTES,
  type Follower,
  type PieceAlgorithm,
  type Verdict,
} from '../../proof/index.js';
import type { Span } from '../../hubs/index.js';
import type { BlobProof, Partial } from '../../store/index.js';
import type { Environment } from '../environment.js';
import type { JournalHeader, LandedPiece, PiecePart } from '../journal/journal.js';
import { writeJournal, type JournalWriter } from '../journal/write-journal.js';
import { isIdentified } from './identified.js';
import type { PieceProgress } from './piece-progress.js';
import { PieceMap } from '../pieces/piece-map.js';
import type { TransferTask } from '../port.js';

/** What is known when a partial has been opened and looked at. */
export interface Opening {
  readonly partial: Partial;
  readonly header: JournalHeader;
  readonly pieces: ReadonlyMap<number, LandedPiece>;
  /** Beginnings of further pieces, still to be checked. */
  readonly parts: ReadonlyMap<number, PiecePart>;
  /** SHA-256 of every piece, from a proof made earlier. */
  readonly trusted: readonly string[] | undefined;
}

/** Pieces that are hashed by one errand. */
const PIECES_AT_ONCE = 16;

/** A partial under our lease: its data, its journal, its map, and the follower that hashes it. */
export class HeldFile {
  readonly partial: Partial;
  readonly handle: FileHandle;
  readonly map: PieceMap;
  readonly trusted: readonly string[] | undefined;
  /** What its pieces must be comes from a list rather than from a proof of ours. */
  readonly isListed: boolean;
  /** What pieces that land from now on are known by. */
  algorithm: PieceAlgorithm;
  readonly landed = new Map<number, LandedPiece>();
  readonly turn = new WriteTurn();
  /** What of it waits in memory to be hashed. */
  readonly residents: SharedArrayBuffer | undefined;
  readonly #journal: JournalWriter;
  readonly #environment: Environment;
  readonly #task: TransferTask;
  /** Its pieces prove it. */
  readonly #byPieces: boolean;
  #follower: Follower | undefined;
  /** SHA-256 of landed pieces that are known by less; null where the disk has something else. */
  readonly #strong = new Map<LandedPiece, string | null>();
  #preparing: Promise<void> = Promise.resolve();

  private constructor(
    environment: Environment,
    task: TransferTask,
    opening: Opening,
    handle: FileHandle,
    journal: JournalWriter,
  ) {
    this.#environment = environment;
    this.#task = task;
    this.partial = opening.partial;
    this.handle = handle;
    this.trusted = opening.trusted;
    this.#journal = journal;
    // Where nothing else would show that somebody deceives, a piece's own digest has to.
    this.algorithm = opening.trusted === undefined && isIdentified(task.digests) ? 'crc32' : 'sha256';
    this.map = new PieceMap(opening.header.sizeBytes, opening.header.pieceBytes);
    this.isListed = task.pieces !== undefined && task.pieces.sha256 === opening.trusted;
    this.#byPieces = this.isListed && task.wholeToo !== true;
    this.residents = this.#byPieces ? undefined : Residents.share(opening.header.sizeBytes);
    for (const piece of opening.pieces.values()) {
      this.landed.set(piece.index, piece);
      this.map.land(piece.index);
    }
    if (!this.#byPieces) this.#follower = this.#follow();
  }

  /** Whether somebody may wait for parts of pieces: what a list proves is given out piece by piece, never unproven. */
  get isShown(): boolean {
    return this.isDemanded && this.trusted === undefined;
  }

  /** It is fetched as it is asked for, by short requests. */
  get isDemanded(): boolean {
    return this.#task.demand !== undefined;
  }

  /** The whole is hashed, piece after piece, while it arrives. */
  get isOrdered(): boolean {
    return !this.#byPieces;
  }

  /** The journal stands before the space is taken, and both before the first byte is asked for. */
  static async open(environment: Environment, task: TransferTask, opening: Opening): Promise<HeldFile> {
    const { partial, header, pieces, parts } = opening;
    const journal = await writeJournal(partial.journalPath, { header, pieces, parts });
    try {
      // Nobody knows whether more than a part will come, and somebody waits for the first byte: taking the space is a program to be run.
      const isSparse = task.demand !== undefined;
      await partial.allocate(header.sizeBytes, { isSparse });
      return new HeldFile(environment, task, opening, await open(partial.dataPath, 'r+'), journal);
    } catch (thrown) {
      await journal.close();
      throw thrown;
    }
  }

  /** The piece's bytes are with the kernel: says so in the journal, then counts on it. False where it is not wanted any more by then, and does not count. */
  async land(piece: LandedPiece, isWanted = (): boolean => true): Promise<boolean> {
    await this.#journal.landed(piece);
    if (!isWanted()) {
      await this.#journal.dropped([piece.index]);
      this.refuse(piece.index);
      return false;
    }
    this.landed.set(piece.index, piece);
    this.map.land(piece.index);
    this.#follower?.advance(this.map.frontierBytes);
    return true;
  }

  /** A piece that arrived and is not to count: free again, and nothing of it stays in memory to be hashed. */
  refuse(index: number): void {
    const { startByte, endByte } = this.rangeOf(index);
    if (this.residents !== undefined)
      new Residents(this.residents).clear(
        this.#environment.slabs,
        Math.floor(startByte / SLAB_BYTES),
        Math.ceil(endByte / SLAB_BYTES),
      );
    this.map.giveBack(index);
  }

  /** Pieces that are not to be trusted: free again. The whole is hashed anew, beside what arrives. */
  async drop(indexes: readonly number[]): Promise<void> {
    for (const index of indexes) this.landed.delete(index);
    await this.#journal.dropped(indexes);
    for (const index of indexes) this.map.drop(index);
    this.#unfollow();
    if (!this.#byPieces) this.#follower = this.#follow();
  }

  /** The disk has something else than what landed of a piece: says so, and drops it. */
  async distrust(index: number): Promise<void> {
    const source = this.landed.get(index)?.source;
    if (source === undefined) return;
    const message = 'its bytes on disk are not those that arrived';
    this.#environment.emit({ type: 'piece.wrong', file: this.#task.path, index, source, message });
    await this.drop([index]);
  }

  /** What the whole file is; begins anew after pieces were dropped. */
  async verdict(): Promise<Verdict> {
    if (this.#byPieces) return this.#verdictOfPieces();
    this.#follower ??= this.#follow();
    const verdict = await this.#follower.verdict();
    return this.isListed ? { ...verdict, checks: [...verdict.checks, 'pieces'] } : verdict;
  }

  /** No piece lands here but the one that was named. */
  #verdictOfPieces(): Verdict {
    const { sizeBytes } = this.map;
    const { sha256 } = this.#task.digests;
    if (sha256 === undefined || !this.map.isComplete)
      throw new SluiceError('INTERNAL', { reason: 'pieces of nothing' });
    return { sha256, sizeBytes, digests: { sha256 }, checks: ['pieces'] };
  }

  #follow(): Follower {
    const { residents } = this;
    const slabs = this.#environment.slabs.memory;
    const follower = this.#environment.followers.follow({
      path: this.partial.dataPath,
      sizeBytes: this.map.sizeBytes,
      digests: this.#task.digests,
      ...(residents === undefined ? {} : { memory: { slabs, residents } }),
    });
    // Whoever waits for the verdict hears of it; nobody may.
    follower.verdict().catch(() => undefined);
    follower.advance(this.map.frontierBytes);
    return follower;
  }

  /** What has landed, in order, as few spans as that can be told in. */
  spans(): Span[] {
    const spans: { startByte: number; endByte: number }[] = [];
    for (let index = 0; index < this.map.count; index += 1) {
      if (!this.map.isLanded(index)) continue;
      const { startByte, endByte } = this.rangeOf(index);
      const last = spans.at(-1);
      if (last?.endByte === startByte) last.endByte = endByte;
      else spans.push({ startByte, endByte });
    }
    return spans;
  }

  rangeOf(index: number): { startByte: number; endByte: number } {
    return { startByte: this.map.startOf(index), endByte: this.map.endOf(index) };
  }

  /** Of these pieces, those whose bytes on disk are not what landed. */
  async unlike(pieces: readonly LandedPiece[]): Promise<LandedPiece[]> {
    const ranges = pieces.map(({ index, digest }) => ({
      ...this.rangeOf(index),
      algorithm: pieceAlgorithmOf(digest),
    }));
    const digests = await this.#environment.followers.hashRanges(this.partial.dataPath, ranges);
    return pieces.filter((piece, at) => digests[at] !== piece.digest);
  }

  /**
   * From now on pieces are known by SHA-256, those that have landed too: somebody deceives, perhaps, and a CRC is easily made to fit. Gives those whose bytes on disk are not
   * what landed, which stay as they are.
   */
  async useSha256(): Promise<LandedPiece[]> {
    this.algorithm = 'sha256';
    await this.prepareSha256();
    const unlike: LandedPiece[] = [];
    for (const piece of this.landed.values()) {
      const digest = this.#strong.get(piece);
      if (digest === null) unlike.push(piece);
      else if (digest !== undefined) this.landed.set(piece.index, { ...piece, digest });
    }
    this.#strong.clear();
    return unlike;
  }

  /** Finds out beforehand what `useSha256` needs; nothing changes by it. */
  prepareSha256(): Promise<void> {
    this.#preparing = this.#preparing.catch(() => undefined).then(() => this.#prepare());
    return this.#preparing;
  }

  async #prepare(): Promise<void> {
    const isWeak = (piece: LandedPiece): boolean =>
      pieceAlgorithmOf(piece.digest) !== 'sha256' && !this.#strong.has(piece);
    const weak = [...this.landed.values()].filter(isWeak);
    // A few at a time: whoever has a question about one piece does not wait for all.
    for (let at = 0; at < weak.length; at += PIECES_AT_ONCE) {
      const some = weak.slice(at, at + PIECES_AT_ONCE);
      const unlike = new Set(await this.unlike(some));
      const whole = some.filter((piece) => !unlike.has(piece));
      const digests = await this.#sha256Of(whole);
      for (const piece of unlike) this.#strong.set(piece, null);
      whole.forEach((piece, index) => this.#strong.set(piece, digests[index] ?? null));
    }
  }

  /** A piece by what pieces are known by now: a run that began before that changed tells a weaker digest. Its bytes are with the kernel. */
  async known(piece: LandedPiece): Promise<LandedPiece> {
    if (this.algorithm !== 'sha256' || pieceAlgorithmOf(piece.digest) === 'sha256') return piece;
    const [digest = piece.digest] = await this.#sha256Of([piece]);
    return { ...piece, digest };
  }

  #sha256Of(pieces: readonly LandedPiece[]): Promise<readonly (string | undefined)[]> {
    const ranges = pieces.map(({ index }) => this.rangeOf(index));
    return this.#environment.followers.hashRanges(this.partial.dataPath, ranges);
  }

  pieceDigests(): BlobProof['pieces'] {
    if (this.map.count < 2) return undefined;
    const digests = Array.from({ length: this.map.count }, (_, index) => this.landed.get(index)?.digest ?? '');
    return { pieceBytes: this.map.pieceBytes, digests };
  }

  async commit(proof: BlobProof): Promise<void> {
    this.#unfollow();
    await this.#closeFiles();
    await this.partial.commit(proof);
  }

  /** Forgets all that arrived; the lease stays. The file cannot be used any more. */
  async reset(): Promise<void> {
    this.#unfollow();
    await this.#closeFiles();
    await this.partial.reset();
  }

  /** Lets go and keeps everything, also what is there of pieces that have not landed. */
  async release(begun: Iterable<PieceProgress> = []): Promise<void> {
    this.#unfollow();
    for (const { index, filledBytes: bytes, digest, sources } of begun)
      if (bytes > 0 && digest !== undefined)
        await this.#journal.began({ index, bytes, digest, source: sources.join('+') });
    await this.#closeFiles();
    await this.partial.release();
  }

  #unfollow(): void {
    this.#follower?.cancel();
    this.#follower = undefined;
    if (this.residents !== undefined) new Residents(this.residents).clear(this.#environment.slabs);
  }

  async #closeFiles(): Promise<void> {
    try {
      await this.#journal.close();
    } finally {
      await this.handle.close();
    }
  }
}
