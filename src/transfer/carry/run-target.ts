import { SluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import { checkAnswer, hostOf, sizeMismatch } from '../request/check-answer.js';
import type { DataAnswer, WireTarget } from '../request/perform.js';
import type { CarryOrder, Grant, LeftPart } from './messages.js';
import type { PieceWriter } from './piece-writer.js';
import type { Slot } from './slot.js';

export interface RunTell {
  /** Of a whole-file answer the next piece is about to come. */
  reached(index: number): Promise<Grant>;
  /** Where the order says so: of a piece that is not whole, everything before this byte is with the kernel. */
  written?(index: number, endByte: number): void;
  /** Holds back whoever is too far ahead of the hash of the file. */
  pause?(positionByte: number): Promise<void> | undefined;
}

/** Cuts the body of one answer into pieces and sees each of them into the file. */
export class RunTarget implements WireTarget {
  readonly #order: CarryOrder;
  readonly #writer: PieceWriter;
  readonly #slot: Slot;
  readonly #tell: RunTell;
  readonly #askedEndByte: number;
  ignoredRange = false;
  #index: number;
  #endByte = 0;
  #position: number;
  /** Bytes pass that nobody needs. */
  #isSkipping = false;
  #isDone = false;

  constructor(order: CarryOrder, writer: PieceWriter, slot: Slot, tell: RunTell) {
    this.#order = order;
    this.#writer = writer;
    this.#slot = slot;
    this.#tell = tell;
    this.#index = order.first;
    this.#position = this.#startOf(order.first) + order.filledBytes;
    this.#askedEndByte = order.asked.range?.endByte ?? order.asked.sizeBytes;
    this.#enter(order.mode !== 'whole' || order.isFirstWanted, order.filledBytes);
  }

  /** Whether everything that the run was for has come. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether all that was asked for has come; a request may end within a piece. */
  get isAtEnd(): boolean {
    return this.#isDone || this.#position === this.#askedEndByte;
  }

  onHead(head: ResponseHead): void {
    const { asked, mode } = this.#order;
    const answer = checkAnswer(asked, head);
    const isAll = asked.range?.startByte === 0 && asked.range.endByte === asked.sizeBytes;
    if (answer === 'range' || mode === 'whole' || isAll) return;
    this.ignoredRange = true;
    throw new SluiceError('RANGE_REFUSED', { host: hostOf(head.url), path: asked.path, reason: '200 instead of 206' });
  }

  room(): Buffer | undefined {
    return this.#isDone || this.#isSkipping ? undefined : this.#writer.room();
  }

  onData(chunk: Buffer): DataAnswer {
    this.#slot.came(chunk.length);
    const answer = this.#take(chunk);
    if (this.#order.isShown && !this.#isDone) this.#show();
    if (answer !== undefined || this.#isDone) return answer;
    return this.#tell.pause?.(this.#position)?.then(() => undefined);
  }

  /** What there is of the piece that was under way, written. */
  leave(): LeftPart | undefined {
    if (this.#isDone || this.#isSkipping) return undefined;
    return { index: this.#index, ...this.#writer.leave() };
  }

  #show(): void {
    const endByte = this.#writer.show(this.#index === this.#order.first);
    if (endByte !== undefined) this.#tell.written?.(this.#index, endByte);
  }

  #take(chunk: Buffer): DataAnswer {
    let rest = chunk;
    for (;;) {
      if (this.#isDone) throw this.#tooMuch(rest.length);
      const bytes = this.#isSkipping ? Math.min(rest.length, this.#endByte - this.#position) : this.#writer.put(rest);
      rest = rest.subarray(bytes);
      this.#position += bytes;
      this.#slot.at(this.#position);
      if (this.#position < this.#endByte) return undefined;
      const isWhole = this.#order.mode === 'whole';
      const isLast = isWhole || !this.#slot.goOn();
      if (!this.#isSkipping) this.#writer.finish(isLast);
      if (isWhole) return this.#goOnWhole(rest);
      if (isLast) return this.#end(rest);
      this.#index += 1;
      this.#enter(true, 0);
      if (rest.length === 0) return undefined;
    }
  }

  #goOnWhole(rest: Buffer): DataAnswer {
    if (this.#endByte === this.#askedEndByte) return this.#end(rest);
    this.#isSkipping = true;
    return this.#tell.reached(this.#index + 1).then((grant) => {
      if (grant === 'stop') {
        this.#isDone = true;
        return 'enough';
      }
      this.#index += 1;
      this.#enter(grant === 'take', 0);
      return rest.length === 0 ? undefined : this.#take(rest);
    });
  }

  #end(rest: Buffer): 'enough' | undefined {
    this.#isDone = true;
    if (this.#position < this.#askedEndByte) return 'enough';
    if (rest.length > 0) throw this.#tooMuch(rest.length);
    return undefined;
  }

  #enter(isWanted: boolean, filledBytes: number): void {
    const { asked, pieceBytes } = this.#order;
    this.#isSkipping = !isWanted;
    this.#endByte = Math.min(this.#startOf(this.#index) + pieceBytes, asked.sizeBytes);
    if (isWanted) this.#writer.begin(this.#index, this.#startOf(this.#index), this.#endByte, filledBytes);
  }

  #startOf(index: number): number {
    return index * this.#order.pieceBytes;
  }

  #tooMuch(bytes: number): SluiceError {
    const { asked, mode, wire } = this.#order;
    if (mode === 'whole') return sizeMismatch(asked, this.#position + bytes);
    return new SluiceError('BAD_RESPONSE', { host: hostOf(wire.url), reason: 'more bytes than asked for' });
  }
}
