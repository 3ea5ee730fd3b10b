import { FormatFault } from '../format-fault.js';

/** Thrown where a file goes on beyond the bytes that are here. */
export class BeyondPrefix extends Error {}

/** Reads little-endian values from the first bytes of a file of `fileBytes`. No length is believed before it is held against the file. */
export class Cursor {
  private position = 0;

  constructor(
    private readonly prefix: Buffer,
    private readonly fileBytes: number,
  ) {}

  get at(): number {
    return this.position;
  }

  /** @throws FormatFault GGUF-TRUNCATED, BeyondPrefix */
  skip(bytes: number): number {
    const start = this.position;
    if (bytes > this.fileBytes - start) throw new FormatFault('GGUF-TRUNCATED', `${bytes} bytes wanted at ${start}`);
    if (bytes > this.prefix.length - start) throw new BeyondPrefix();
    this.position = start + bytes;
    return start;
  }

  u32(): number {
    return this.prefix.readUInt32LE(this.skip(4));
  }

  /** @throws FormatFault GGUF-LIMIT above `most` */
  count(most: number, what: string): number {
    const value = this.prefix.readBigUInt64LE(this.skip(8));
    if (value > BigInt(most)) throw new FormatFault('GGUF-LIMIT', `${value} ${what}`);
    return Number(value);
  }

  string(mostBytes: number): string {
    const length = this.count(mostBytes, 'bytes of a string');
    const start = this.skip(length);
    return this.prefix.toString('utf8', start, start + length);
  }

  bytes(length: number): Buffer {
    const start = this.skip(length);
    return this.prefix.subarray(start, start + length);
  }
}
