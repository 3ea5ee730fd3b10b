import { MOST_PROTOBUF_FIELDS, MOST_PROTOBUF_TEXT_BYTES, PROTOBUF_BLOCK_BYTES } from '../limits.js';
import type { ByteSource } from '../port.js';
import type { Span } from '../ledger.js';
import { FormatFault } from '../format-fault.js';

/** One field on the wire. Of type 2, [startByte, endByte) is what it holds, without its length. */
export interface WireField extends Span {
  readonly number: number;
  readonly type: 0 | 1 | 2 | 5;
  /** Of a varint. */
  readonly value: bigint;
}

/** The wire format of protocol buffers, read forward through one window of 64 KiB: what is skipped is not read. */
export class WireWindow {
  private block: Buffer = Buffer.alloc(0);
  private blockStart = 0;
  private fieldCount = 0;

  constructor(readonly bytes: ByteSource) {}

  /** The field at `at` in a message that ends at `end`. @throws FormatFault PB-FAULT */
  async field(at: number, end: number): Promise<WireField> {
    this.fieldCount += 1;
    if (this.fieldCount > MOST_PROTOBUF_FIELDS)
      throw new FormatFault('PB-FAULT', `more than ${MOST_PROTOBUF_FIELDS} fields`);
    await this.hold(at, Math.min(20, end - at));
    const tag = this.varint(at, end);
    const number = Number(tag.value >> 3n);
    const type = Number(tag.value & 7n);
    if (number === 0 || number > 0x1fffffff) throw new FormatFault('PB-FAULT', `field ${number} at ${at}`);
    if (type === 0) {
      const { value, next } = this.varint(tag.next, end);
      return { number, type, value, startByte: tag.next, endByte: next };
    }
    if (type !== 1 && type !== 2 && type !== 5) throw new FormatFault('PB-FAULT', `wire type ${type} at ${at}`);
    const length = type === 2 ? this.varint(tag.next, end) : { value: type === 1 ? 8n : 4n, next: tag.next };
    if (length.value > BigInt(end - length.next))
      throw new FormatFault('PB-FAULT', `${length.value} bytes at ${at} go beyond ${end}`);
    return { number, type, value: 0n, startByte: length.next, endByte: length.next + Number(length.value) };
  }

  /** Text of a field. @throws FormatFault when it is longer than any name, or not UTF-8. */
  async text({ startByte, endByte }: Span): Promise<string> {
    if (endByte - startByte > MOST_PROTOBUF_TEXT_BYTES)
      throw new FormatFault('PB-FAULT', `text of ${endByte - startByte} bytes at ${startByte}`);
    await this.hold(startByte, endByte - startByte);
    const at = startByte - this.blockStart;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.block.subarray(at, at + endByte - startByte),
      );
    } catch {
      throw new FormatFault('PB-FAULT', `text at ${startByte} that is not UTF-8`);
    }
  }

  private async hold(at: number, length: number): Promise<void> {
    if (at >= this.blockStart && at + length <= this.blockStart + this.block.length) return;
    const most = Math.min(Math.max(PROTOBUF_BLOCK_BYTES, length), this.bytes.sizeBytes - at);
    this.block = await this.bytes.read(at, most);
    this.blockStart = at;
  }

  private varint(at: number, end: number): { value: bigint; next: number } {
    let value = 0n;
    for (let index = 0; index < 10; index += 1) {
      const byte = at + index < end ? this.block[at + index - this.blockStart] : undefined;
      if (byte === undefined) throw new FormatFault('PB-FAULT', `a number at ${at} without an end`);
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) {
        if (value > 0xffffffffffffffffn) break;
        return { value, next: at + index + 1 };
      }
    }
    throw new FormatFault('PB-FAULT', `a number of more than 64 bits at ${at}`);
  }
}
