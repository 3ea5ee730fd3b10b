import type { ByteSource } from '../port.js';

const LEAST_BYTES = 4096;

/** Small reads that follow each other, made of fewer larger ones. */
export class ReadAhead implements ByteSource {
  private block: Buffer = Buffer.alloc(0);
  private startByte = 0;

  constructor(private readonly bytes: ByteSource) {}

  get sizeBytes(): number {
    return this.bytes.sizeBytes;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const at = offset - this.startByte;
    if (at >= 0 && at + length <= this.block.length) return this.block.subarray(at, at + length);
    const block = await this.bytes.read(offset, Math.min(Math.max(length, LEAST_BYTES), this.sizeBytes - offset));
    this.block = block;
    this.startByte = offset;
    return block.subarray(0, length);
  }
}
