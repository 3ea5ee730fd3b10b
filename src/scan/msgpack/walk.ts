import { FormatFault } from '../format-fault.js';
import type { ByteSource } from '../port.js';

const MOST_DEPTH = 100;
const MOST_VALUES = 5_000_000;
/** Of text and small values that are read at a time. */
const WINDOW_BYTES = 64 * 1024;

const fault = (reason: string): FormatFault => new FormatFault('MSGPACK', reason);

/** What stands in front of one value: how many values follow it, or how many bytes it has. */
interface Head {
  readonly kind: 'value' | 'many' | 'ext';
  readonly bytes: number;
  readonly count: number;
  readonly type: number;
}

/**
 * Goes through one value of MessagePack that must end with the bytes. `extension` is asked about every extension: its type, and where its bytes are.
 * @throws FormatFault MSGPACK
 */
export async function walkMsgpack(
  bytes: ByteSource,
  extension: (type: number, startByte: number, lengthBytes: number) => Promise<void>,
): Promise<void> {
  const reader = new MsgpackReader(bytes);
  /** Values still to come, of each open list or map. */
  const open = [1];
  let values = 0;
  while (open.length > 0) {
    const left = open.pop() ?? 0;
    if (left === 0) continue;
    open.push(left - 1);
    values += 1;
    if (values > MOST_VALUES) throw new FormatFault('LIMIT-HIT', `more than ${MOST_VALUES} values of MessagePack`);
    const head = await reader.head();
    if (head.kind === 'many') open.push(head.count);
    else if (head.kind === 'ext') await extension(head.type, reader.skip(head.bytes), head.bytes);
    else reader.skip(head.bytes);
    if (open.length > MOST_DEPTH) throw fault('nested too deep');
  }
  if (reader.at !== bytes.sizeBytes) throw fault(`${bytes.sizeBytes - reader.at} bytes behind its end`);
}

class MsgpackReader {
  at = 0;
  private window: Buffer = Buffer.alloc(0);
  private windowStart = 0;

  constructor(private readonly bytes: ByteSource) {}

  /** By the format's specification: msgpack/spec.md. */
  async head(): Promise<Head> {
    const first = await this.number(1);
    const value = (bytes: number): Head => ({ kind: 'value', bytes, count: 0, type: 0 });
    const many = (count: number): Head => ({ kind: 'many', bytes: 0, count, type: 0 });
    if (first < 0x80 || first >= 0xe0) return value(0);
    if (first < 0x90) return many(2 * (first & 15));
    if (first < 0xa0) return many(first & 15);
    if (first < 0xc0) return value(first & 31);
    if (first === 0xc1) throw fault(`a byte at ${this.at - 1} that begins nothing`);
    if (first <= 0xc3) return value(0);
    if (first <= 0xc6) return value(await this.number(1 << (first - 0xc4)));
    if (first <= 0xc9) return this.extension(await this.number(1 << (first - 0xc7)));
    if (first <= 0xcb) return value(first === 0xca ? 4 : 8);
    if (first <= 0xcf) return value(1 << (first - 0xcc));
    if (first <= 0xd3) return value(1 << (first - 0xd0));
    if (first <= 0xd8) return this.extension(1 << (first - 0xd4));
    if (first <= 0xdb) return value(await this.number(1 << (first - 0xd9)));
    if (first <= 0xdd) return many(await this.number(first === 0xdc ? 2 : 4));
    return many(2 * (await this.number(first === 0xde ? 2 : 4)));
  }

  /** Where the bytes begin that it goes over. */
  skip(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.sizeBytes) throw fault('it ends in the middle of a value');
    this.at = start + length;
    return start;
  }

  private async extension(bytes: number): Promise<Head> {
    return { kind: 'ext', bytes, count: 0, type: await this.number(1) };
  }

  private async number(length: number): Promise<number> {
    const start = this.skip(length);
    if (start < this.windowStart || start + length > this.windowStart + this.window.length) {
      this.window = await this.bytes.read(start, Math.min(WINDOW_BYTES, this.bytes.sizeBytes - start));
      this.windowStart = start;
    }
    return this.window.readUIntBE(start - this.windowStart, length);
  }
}
