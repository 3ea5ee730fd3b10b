import { SluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import type { Environment } from '../environment.js';
import { checkAnswer, hostOf, sizeMismatch } from '../request/check-answer.js';
import { fetchBody, type DataAnswer } from '../request/fetch-body.js';
import type { FileSource } from '../request/file-source.js';
import { BlockWriter } from './block-writer.js';
import type { HeldFile } from './held-file.js';
import type { Work } from './job.js';
import { beginPiece, type PieceProgress } from './piece-progress.js';

/** What a run needs from the file that it works for. */
export interface RunOwner {
  readonly path: string;
  readonly held: HeldFile;
  readonly environment: Environment;
  /** @throws SluiceError SOURCE_CHANGED */
  checkVersion(from: FileSource, head: ResponseHead): void;
  /** Bytes came, up to `position`; wanted ones belong to a piece that this run owns. */
  received(run: PieceRun, bytes: number, isWanted: boolean, position: number): void;
  /** What there is of a piece that this run owns. */
  resume(index: number): PieceProgress;
  /** All bytes of the piece are with the kernel. */
  land(run: PieceRun, progress: PieceProgress): Promise<void>;
  /** The run does not work on this piece any more, which has not landed. */
  leave(run: PieceRun, index: number, progress: PieceProgress | undefined): void;
}

/**
 * How a run goes about its pieces. `range`: asks for exactly its pieces, which it owns. `hedge`: the same for one piece that another run owns too, from its first
 * byte. `whole`: asks for the whole file and takes the free pieces as they pass, for sources that know no ranges.
 */
export type RunMode = 'range' | 'hedge' | 'whole';

/** One request and the pieces it brings, in order. */
export class PieceRun implements Work {
  readonly from: FileSource;
  readonly startedMs: number;
  receivedBytes = 0;
  lastByteMs: number;
  #mode: RunMode;
  readonly #owner: RunOwner;
  readonly #writer: BlockWriter;
  readonly #ending = new AbortController();
  #index: number;
  #last: number;
  /** Undefined while bytes pass that nobody needs. */
  #current: PieceProgress | undefined;
  #position: number;
  #askedEndByte: number;
  #isKilled = false;
  /** Settles when its owner has seen it end. */
  readonly over: Promise<void>;
  finish!: () => void;

  constructor(owner: RunOwner, from: FileSource, mode: RunMode, first: number, last: number) {
    const { environment, held } = owner;
    this.over = new Promise((resolve) => (this.finish = resolve));
    this.#owner = owner;
    this.from = from;
    this.#mode = mode;
    this.#index = first;
    this.#last = last;
    this.#writer = new BlockWriter(held.handle, environment.blocks);
    this.startedMs = environment.now();
    this.lastByteMs = this.startedMs;
    if (mode === 'range') this.#current = owner.resume(first);
    if (mode === 'hedge') this.#current = beginPiece(first, this.startedMs);
    if (mode === 'whole' && held.map.take(first)) this.#current = beginPiece(first, this.startedMs);
    this.#position = held.map.startOf(first) + (this.#current?.filledBytes ?? 0);
    this.#askedEndByte = held.map.endOf(last);
  }

  get mode(): RunMode {
    return this.#mode;
  }

  /** The piece it is at. */
  get index(): number {
    return this.#index;
  }

  get last(): number {
    return this.#last;
  }

  get hasCurrent(): boolean {
    return this.#current !== undefined;
  }

  get pieceBytes(): number {
    return this.#owner.held.map.lengthOf(this.#index);
  }

  get leftOfPieceBytes(): number {
    return this.#owner.held.map.endOf(this.#index) - this.#position;
  }

  /** Pieces that it has not begun go to somebody else. */
  shrinkTo(last: number): void {
    this.#last = last;
  }

  abort(): void {
    this.#ending.abort();
  }

  /** Ends it without trace: another run has landed its piece. Resolves when it will write no more. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#ending.abort();
    await this.#writer.discard();
  }

  async run(): Promise<void> {
    try {
      await this.#fetch();
      if (!this.#isKilled && this.#position < this.#owner.held.map.endOf(this.#last))
        throw new SluiceError('RESET', { host: hostOf(this.from.source.url), reason: 'the answer ended early' });
    } catch (thrown) {
      if (!this.#isKilled) throw thrown;
    } finally {
      await this.#leave();
    }
  }

  async #fetch(): Promise<void> {
    const { environment, path } = this.#owner;
    await fetchBody(environment, {
      file: path,
      from: this.from,
      sizeBytes: this.#owner.held.map.sizeBytes,
      ...(this.#mode === 'whole' ? {} : { range: { startByte: this.#position, endByte: this.#askedEndByte } }),
      signal: this.#ending.signal,
      onHead: (head) => this.#onHead(head),
      onData: (chunk) => this.#onData(chunk),
    });
  }

  #onHead(head: ResponseHead): void {
    const { held, path } = this.#owner;
    const range = { startByte: this.#position, endByte: this.#askedEndByte };
    const { sizeBytes } = held.map;
    const asked = { path, source: this.from.source.id, sizeBytes };
    const answer = checkAnswer(this.#mode === 'whole' ? asked : { ...asked, range }, head);
    this.#owner.checkVersion(this.from, head);
    if (answer === 'range' || this.#mode === 'whole') return;
    if (range.startByte === 0 && range.endByte === sizeBytes) return;
    this.from.ignoresRanges = true;
    if (this.#mode !== 'range' || this.#position !== 0)
      throw new SluiceError('RANGE_REFUSED', { host: hostOf(head.url), path, reason: '200 instead of 206' });
    this.#becomeWhole();
  }

  /** The source sends everything although a part was asked for, and we stand at the first byte: take it as it comes. */
  #becomeWhole(): void {
    const { map } = this.#owner.held;
    for (let index = this.#index + 1; index <= this.#last; index += 1) map.giveBack(index);
    this.#mode = 'whole';
    this.#last = map.count - 1;
    this.#askedEndByte = map.sizeBytes;
  }

  #onData(chunk: Buffer): DataAnswer {
    if (this.#isKilled) return 'enough';
    this.receivedBytes += chunk.length;
    this.lastByteMs = this.#owner.environment.now();
    return chunk.length < this.leftOfPieceBytes ? this.#put(chunk)?.then(() => undefined) : this.#cross(chunk);
  }

  #put(bytes: Buffer): Promise<void> | undefined {
    const position = this.#position;
    this.#position += bytes.length;
    const isWanted = this.#current !== undefined;
    this.#owner.received(this, bytes.length, isWanted, this.#position);
    if (this.#current === undefined) return undefined;
    this.#current.hash.update(bytes);
    this.#current.filledBytes += bytes.length;
    return this.#writer.write(bytes, position);
  }

  /** A chunk that reaches the end of its piece, perhaps of several. */
  async #cross(chunk: Buffer): Promise<'enough' | undefined> {
    let rest = chunk;
    for (;;) {
      const room = this.leftOfPieceBytes;
      if (rest.length < room) {
        await this.#put(rest);
        return undefined;
      }
      if (room === 0) throw this.#tooMuch(rest.length);
      await this.#put(rest.subarray(0, room));
      rest = rest.subarray(room);
      await this.#landCurrent();
      if (this.#isKilled) return 'enough';
      if (!this.#goOn()) {
        if (this.#position < this.#askedEndByte) return 'enough';
        if (rest.length > 0) throw this.#tooMuch(rest.length);
        return undefined;
      }
    }
  }

  async #landCurrent(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    await this.#writer.flush();
    if (this.#isKilled) return;
    if (!current.sources.includes(this.from.source.id)) current.sources.push(this.from.source.id);
    await this.#owner.land(this, current);
    this.#current = undefined;
  }

  /** On to the next piece; false when there is none for this run. */
  #goOn(): boolean {
    const { held, environment } = this.#owner;
    if (this.#index >= this.#last || held.map.isComplete) return false;
    this.#index += 1;
    if (this.#mode === 'range') this.#current = this.#owner.resume(this.#index);
    else if (held.map.take(this.#index)) this.#current = beginPiece(this.#index, environment.now());
    return true;
  }

  /** Keeps what there is of the current piece, and gives back what was not begun. */
  async #leave(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    if (this.#isKilled) {
      this.#leaveRest();
      return;
    }
    try {
      await this.#writer.flush();
    } catch (thrown) {
      if (current !== undefined) this.#owner.leave(this, this.#index, undefined);
      throw thrown;
    } finally {
      this.#leaveRest();
    }
    if (current === undefined) return;
    if (current.filledBytes > 0 && !current.sources.includes(this.from.source.id))
      current.sources.push(this.from.source.id);
    this.#owner.leave(this, this.#index, current);
  }

  #leaveRest(): void {
    if (this.#mode !== 'range') return;
    for (let index = this.#index + 1; index <= this.#last; index += 1) this.#owner.leave(this, index, undefined);
  }

  #tooMuch(bytes: number): SluiceError {
    const { path, held } = this.#owner;
    const asked = { path, source: this.from.source.id, sizeBytes: held.map.sizeBytes };
    if (this.#mode === 'whole') return sizeMismatch(asked, this.#position + bytes);
    return new SluiceError('BAD_RESPONSE', { host: hostOf(this.from.source.url), reason: 'more bytes than asked for' });
  }
}
