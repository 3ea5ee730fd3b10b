import type { ByteSource } from '../port.js';
import { PickleBreak } from './break.js';
import { LIMITS } from './limits.js';

/** An opcode goes on beyond the bytes at hand: get more and begin it again. It has changed nothing yet. */
export class NeedBytes extends Error {}
/** One for all: it says nothing, and is thrown once for every window. */
const NEED_BYTES = new NeedBytes();

const FIRST_WINDOW_BYTES = 64 * 1024;
const LARGEST_WINDOW_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Reads a stream of opcodes through a window on its source. Reading is synchronous; who meets `NeedBytes` calls `refill` and begins the opcode again. */
export class PickleCursor {
  window: Buffer = Buffer.alloc(0);
  /** In the window, or behind it where a payload was skipped. */
  index = 0;
  private lineIsOpen = false;
  private windowStart: number;
  private opcodeIndex = 0;
  private wantedBytes = 0;
  private windowBytes = FIRST_WINDOW_BYTES;

  constructor(
    private readonly source: ByteSource,
    startByte: number,
  ) {
    this.windowStart = startByte;
  }

  get offset(): number {
    return this.windowStart + this.index;
  }

  /** Where the source ends. */
  get endByte(): number {
    return this.source.sizeBytes;
  }

  /** Where the opcode that is being read begins. */
  get opcodeOffset(): number {
    return this.windowStart + this.opcodeIndex;
  }

  beginOpcode(): void {
    this.opcodeIndex = this.index;
  }

  /** Reads from these first bytes of the source alone. */
  preload(start: Buffer): void {
    this.window = start;
  }

  /** Back to the beginning of the opcode, with enough behind it. */
  async refill(): Promise<void> {
    const from = this.windowStart + this.opcodeIndex;
    const length = Math.min(this.source.sizeBytes - from, Math.max(this.windowBytes, this.wantedBytes));
    this.window = await this.source.read(from, length);
    this.windowStart = from;
    this.opcodeIndex = 0;
    this.index = 0;
    this.windowBytes = Math.min(LARGEST_WINDOW_BYTES, this.windowBytes * 2);
  }

  /** That the next `length` bytes are in the window. */
  require(length: number): void {
    if (this.index + length <= this.window.length) return;
    this.assertInside(length);
    this.wantedBytes = this.index - this.opcodeIndex + length;
    throw NEED_BYTES;
  }

  u8(): number {
    const { index } = this;
    if (index >= this.window.length) this.require(1);
    this.index = index + 1;
    return this.window[index] ?? 0;
  }

  u16(): number {
    return this.window.readUInt16LE(this.take(2));
  }

  u32(): number {
    return this.window.readUInt32LE(this.take(4));
  }

  i32(): number {
    return this.window.readInt32LE(this.take(4));
  }

  f64(): number {
    return this.window.readDoubleBE(this.take(8));
  }

  /** A length or place; what no file can hold breaks the stream. */
  u64(): number {
    const at = this.take(8);
    const value = this.window.readUInt32LE(at + 4) * 2 ** 32 + this.window.readUInt32LE(at);
    if (!Number.isSafeInteger(value)) throw new PickleBreak('a length that no file has');
    return value;
  }

  /** Index in the window of the next `length` bytes. */
  take(length: number): number {
    this.require(length);
    const at = this.index;
    this.index = at + length;
    return at;
  }

  /** Goes over `length` bytes without reading them. Returns where they begin in the source. */
  skip(length: number): number {
    this.assertInside(length);
    const { offset } = this;
    this.index += length;
    return offset;
  }

  /** Whether the last line ended with the source instead of a newline: some readers take it, others do not. */
  isLineOpen(): boolean {
    return this.lineIsOpen;
  }

  /** Up to the newline, which is gone over. Each byte is one character. Neither numbers nor names have NUL in them, only texts: without it no line is too long for all readers. */
  line(mostBytes: number = LIMITS.lineBytes, isText = false): string {
    this.require(1);
    const start = this.index;
    const end = this.window.indexOf(NEWLINE, start);
    const length = (end === -1 ? this.window.length : end) - start;
    if (length > mostBytes) {
      const isOfNobody = !isText && this.window.subarray(start, start + mostBytes).includes(0);
      throw new PickleBreak(`a line of more than ${mostBytes} bytes`, isOfNobody ? 'PKL-BROKEN' : 'LIMIT-HIT');
    }
    this.lineIsOpen = end === -1;
    if (end === -1 && this.windowStart + this.window.length < this.source.sizeBytes) {
      this.require(Math.min(2 * length + 256, this.source.sizeBytes - this.offset));
    }
    this.index = end === -1 ? this.window.length : end + 1;
    return this.window.toString('latin1', start, start + length);
  }

  /** Whether what stands next is a line of more than `mostBytes`. */
  isLongLine(mostBytes: number): boolean {
    const left = this.source.sizeBytes - this.offset;
    const held = this.window.subarray(this.index, this.index + mostBytes + 1);
    if (held.includes(NEWLINE) || left <= mostBytes) return false;
    this.require(mostBytes + 1);
    return true;
  }

  private assertInside(length: number): void {
    if (this.offset + length > this.source.sizeBytes) throw new PickleBreak('it ends in the middle of an opcode');
  }
}
