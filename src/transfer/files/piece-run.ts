import { SluiceError, toSluiceError, WriteReach } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import type { Carriage, CarryListener } from '../carry/carriers.js';
import type { CarryEnd, CarryOrder, Grant, RunMode } from '../carry/messages.js';
import { revivedFailure } from '../carry/plain-failure.js';
import { clockMs, Slot } from '../carry/slot.js';
import { carrySpans } from '../carry/span-carriage.js';
import type { Environment } from '../environment.js';
import { fetchBody } from '../request/fetch-body.js';
import type { FileSource } from '../request/file-source.js';
import type { WireEnd, WireHooks, WireRequest } from '../request/perform.js';
import type { HeldFile } from './held-file.js';
import { beginPiece, type PieceProgress } from './piece-progress.js';

/** What a run needs from the file that it works for. */
export interface RunOwner {
  readonly path: string;
  readonly held: HeldFile;
  readonly environment: Environment;
  /** @throws SluiceError SOURCE_CHANGED */
  checkVersion(from: FileSource, head: ResponseHead): void;
  /** Bytes came, up to `position`. */
  received(run: PieceRun, bytes: number, position: number): void;
  /** So many of the bytes that came stood in other files here. */
  copied(bytes: number): void;
  /** What there is of a piece that this run owns. */
  resume(index: number): PieceProgress;
  /** Of this piece everything before a byte is with the kernel. */
  arrived(index: number, endByte: number): void;
  /** All bytes of the piece are with the kernel. */
  land(progress: PieceProgress, digest: string): Promise<void>;
  /** The run does not work on this piece any more, which has not landed. */
  leave(run: PieceRun, index: number, progress: PieceProgress | undefined): void;
}

const NO_HOOKS: WireHooks = { onRedirect: () => undefined, onHead: () => undefined };

/** One request and the pieces it brings, in order: what is known of it here while a carrier does the work. */
export class PieceRun {
  readonly from: FileSource;
  readonly mode: RunMode;
  readonly startedMs: number;
  readonly #owner: RunOwner;
  readonly #first: number;
  readonly #slot: Slot;
  readonly #askedEndByte: number;
  /** What is put together by others: how far it may be written. */
  readonly #reach: WriteReach | undefined;
  #carriage: Carriage | undefined;
  /** The piece that is to land next; undefined while none is wanted. */
  #current: PieceProgress | undefined;
  /** Its number, or that of the piece that passes by. */
  #index: number;
  #countedBytes = 0;
  #landing: Promise<void> = Promise.resolve();
  #failure: unknown;
  readonly #ending = new AbortController();
  /** What it brings is not to be kept. */
  #isDoubted = false;
  #isKilled = false;
  /** Settles when its owner has seen it end. */
  readonly over: Promise<void>;
  finish!: () => void;

  constructor(owner: RunOwner, from: FileSource, mode: RunMode, first: number, last: number) {
    const { environment, held } = owner;
    this.over = new Promise((resolve) => (this.finish = resolve));
    this.#owner = owner;
    this.from = from;
    this.mode = mode;
    this.#first = first;
    this.#index = first;
    this.startedMs = environment.now();
    if (mode === 'range') this.#current = owner.resume(first);
    if (mode === 'whole' && held.map.take(first)) this.#current = beginPiece(first, this.startedMs);
    this.#slot = Slot.create(last - first, held.map.startOf(first) + (this.#current?.filledBytes ?? 0));
    const { map } = held;
    const isBounded = mode === 'range' && from.source.spans === undefined;
    const mostBytes = isBounded ? from.state.cuts.requestBytes(from.state.laneRate) : Infinity;
    this.#askedEndByte = map.requestEnd(this.#slot.positionByte, last, mostBytes);
    if (from.source.spans !== undefined)
      this.#reach = WriteReach.create(map.startOf(first), map.pieceBytes, map.endOf(last));
  }

  /** The piece it is at. */
  get index(): number {
    return this.mode === 'whole' ? this.#index : this.#first + this.#slot.current;
  }

  get last(): number {
    return this.mode === 'whole' ? this.#owner.held.map.count - 1 : this.#first + this.#slot.last;
  }

  get hasCurrent(): boolean {
    return this.#current !== undefined;
  }

  get receivedBytes(): number {
    return this.#slot.receivedBytes;
  }

  /** By the clock of its environment. */
  get lastByteMs(): number {
    return this.#owner.environment.now() - (clockMs() - this.#slot.lastByteMs);
  }

  get firstByteMs(): number | undefined {
    const { firstByteMs } = this.#slot;
    return firstByteMs === 0 ? undefined : this.#owner.environment.now() - (clockMs() - firstByteMs);
  }

  /** When the request was on the wire. */
  get askedMs(): number | undefined {
    const { askedMs } = this.#slot;
    return askedMs === 0 ? undefined : this.#owner.environment.now() - (clockMs() - askedMs);
  }

  /** For so long it was not read from although more would have come. */
  get heldMs(): number {
    return this.#slot.heldMs;
  }

  get pieceBytes(): number {
    return this.#owner.held.map.lengthOf(this.index);
  }

  get leftOfPieceBytes(): number {
    return Math.max(0, this.#owner.held.map.endOf(this.index) - this.#slot.positionByte);
  }

  /** Bytes that stand in the partial of pieces which have not landed. */
  get filledBytes(): number {
    if (this.#current === undefined) return 0;
    return Math.max(0, this.#slot.positionByte - this.#owner.held.map.startOf(this.#index));
  }

  /** Pieces that it has not begun go to somebody else; false when it has begun them after all. */
  shrinkTo(last: number): boolean {
    const offset = last - this.#first;
    if (this.mode !== 'range' || offset < this.#slot.current) return false;
    // Others may be about to write there; if not, they will not. The slot of such a run is moved by this thread alone.
    if (this.#reach?.shrinkTo(offset) === false) return false;
    return this.#slot.shrinkTo(offset);
  }

  abort(): void {
    this.#ending.abort();
    this.#carriage?.stop(false);
  }

  /** Ends it without trace: nothing of it is wanted any more. Resolves when it will write no more. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#ending.abort();
    this.#carriage?.stop(true);
    await this.#carriage?.ended;
  }

  async run(): Promise<void> {
    let end: CarryEnd | undefined;
    const pulse = (): void => this.#count();
    const { environment } = this.#owner;
    environment.pulse.add(pulse);
    try {
      await this.#fetch((ended) => (end = ended));
    } catch (thrown) {
      this.#failure ??= thrown;
    }
    environment.pulse.delete(pulse);
    this.#count();
    await this.#landing;
    this.#leave(end);
    if (this.#failure !== undefined && !this.#isKilled) throw toSluiceError(this.#failure);
  }

  async #fetch(onEnd: (end: CarryEnd) => void): Promise<void> {
    const { environment, path, held } = this.#owner;
    const range = { startByte: this.#slot.positionByte, endByte: this.#askedEndByte };
    if (this.from.source.spans !== undefined) {
      const end = await this.#carry({ url: this.from.source.url, range }, NO_HOOKS);
      onEnd(end);
      this.#judge(end);
      return;
    }
    await fetchBody(environment, {
      file: path,
      from: this.from,
      sizeBytes: held.map.sizeBytes,
      ...(this.mode === 'whole' ? {} : { range }),
      signal: this.#ending.signal,
      perform: async (wire, hooks) => {
        const end = await this.#carry(wire, hooks);
        onEnd(end);
        return this.#judge(end);
      },
    });
  }

  async #carry(wire: WireRequest, hooks: WireHooks): Promise<CarryEnd> {
    if (this.#ending.signal.aborted) throw new SluiceError('INTERRUPTED');
    const guard = (work: () => void): void => {
      if (this.#failure !== undefined || this.#isKilled) return;
      try {
        work();
      } catch (thrown) {
        this.#fail(thrown);
      }
    };
    const listener: CarryListener = {
      onRedirect: (target, head) => guard(() => hooks.onRedirect(target, head)),
      onHead: (head) =>
        guard(() => {
          hooks.onHead(head);
          if (head.status >= 200 && head.status <= 299) this.#owner.checkVersion(this.from, head);
        }),
      onLanded: (index, digest, isLast) => guard(() => this.#landed(index, digest, isLast)),
      onWritten: (index, endByte) => guard(() => this.#owner.arrived(index, endByte)),
      onReached: (index) => this.#reached(index),
    };
    this.#carriage = this.#begin(this.#order(wire), listener);
    const end = await this.#carriage.ended;
    this.#count();
    if (end.copiedBytes !== undefined) this.#owner.copied(Math.min(end.copiedBytes, this.receivedBytes));
    if (end.ignoredRange) this.from.ignoresRanges = true;
    return end;
  }

  #begin(order: CarryOrder, listener: CarryListener): Carriage {
    const { environment, held } = this.#owner;
    const { spans } = this.from.source;
    if (spans === undefined) return environment.carriers.carry(order, listener);
    const { followers, limiter } = environment;
    return carrySpans(spans, order, listener, {
      followers,
      limiter,
      file: {
        fd: held.handle.fd,
        turn: held.turn.shared,
        ...(this.#reach === undefined ? {} : { reach: this.#reach.shared }),
      },
    });
  }

  #order(wire: WireRequest): CarryOrder {
    const { path, held } = this.#owner;
    const { sizeBytes, pieceBytes } = held.map;
    const asked = { path, source: this.from.source.id, sizeBytes };
    const { range } = wire;
    return {
      wire,
      asked:
        range?.endByte === undefined
          ? asked
          : { ...asked, range: { startByte: range.startByte, endByte: range.endByte } },
      mode: this.mode,
      dataPath: held.partial.dataPath,
      pieceBytes,
      first: this.#first,
      filledBytes: this.#current?.filledBytes ?? 0,
      isFirstWanted: this.#current !== undefined,
      slot: this.#slot.shared,
      turn: held.turn.shared,
      algorithm: held.algorithm,
      residents: held.residents,
      isShown: this.mode === 'range' && held.isShown,
    };
  }

  #judge({ outcome }: CarryEnd): WireEnd {
    if (this.#failure !== undefined) throw toSluiceError(this.#failure);
    if ('failure' in outcome) throw revivedFailure(outcome.failure);
    return outcome.end;
  }

  #fail(thrown: unknown): void {
    this.#failure ??= thrown;
    this.#isDoubted = true;
    this.#carriage?.stop(false);
  }

  #landed(index: number, digest: string, isLast: boolean): void {
    const progress = this.#current;
    if (progress?.index !== index) throw new SluiceError('INTERNAL', { reason: `piece ${index} landed out of turn` });
    this.#count();
    if (!progress.sources.includes(this.from.source.id)) progress.sources.push(this.from.source.id);
    this.#current = isLast ? undefined : this.#owner.resume(index + 1);
    if (!isLast) this.#index = index + 1;
    this.#landing = this.#landing
      .then(() => (this.#isKilled ? undefined : this.#owner.land(progress, digest)))
      .catch((thrown: unknown) => this.#fail(thrown));
  }

  #reached(index: number): Grant {
    const { held, environment } = this.#owner;
    if (this.#ending.signal.aborted || this.#failure !== undefined || held.map.isComplete) return 'stop';
    this.#index = index;
    if (!held.map.take(index)) return 'skip';
    this.#current = beginPiece(index, environment.now());
    return 'take';
  }

  /** Accounts for what came since the last look. */
  #count(): void {
    const bytes = this.receivedBytes - this.#countedBytes;
    if (bytes <= 0) return;
    this.#countedBytes += bytes;
    this.from.state.received(bytes);
    this.#owner.received(this, bytes, this.#slot.positionByte);
  }

  /** Keeps what there is of the current piece, and gives back what was not begun. */
  #leave(end: CarryEnd | undefined): void {
    const current = this.#current;
    const { index, last } = this;
    this.#current = undefined;
    if (current !== undefined && !this.#isKilled) {
      const left = end?.left?.index === current.index && !this.#isDoubted ? end.left : undefined;
      const isMore = left !== undefined && left.filledBytes > current.filledBytes;
      if (isMore && !current.sources.includes(this.from.source.id)) current.sources.push(this.from.source.id);
      if (left !== undefined) Object.assign(current, { filledBytes: left.filledBytes, digest: left.digest });
      // Without a word from the carrier nobody knows what it wrote; what was there before still is, or is found out.
      this.#owner.leave(this, current.index, current);
    }
    if (this.mode !== 'range') return;
    const firstLeft = current === undefined ? index + 1 : current.index + 1;
    for (let other = firstLeft; other <= last; other += 1) this.#owner.leave(this, other, undefined);
  }
}
