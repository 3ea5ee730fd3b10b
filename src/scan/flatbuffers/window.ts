import { FormatFault } from '../format-fault.js';
import { FLATBUFFER_BLOCK_BYTES, MOST_FLATBUFFER_BLOCKS } from '../limits.js';
import type { ByteSource } from '../port.js';

/** Small reads at any place, by blocks of which some are kept. */
export class FlatWindow {
  private readonly kept = new Map<number, Buffer>();

  constructor(readonly bytes: ByteSource) {}

  /** @throws FormatFault FB-FAULT outside of the file */
  async take(at: number, length: number): Promise<Buffer> {
    if (!(at >= 0 && length >= 0 && at + length <= this.bytes.sizeBytes))
      throw new FormatFault('FB-FAULT', `${length} bytes at ${at} of a file of ${this.bytes.sizeBytes}`);
    const index = Math.floor(at / FLATBUFFER_BLOCK_BYTES);
    const from = at - index * FLATBUFFER_BLOCK_BYTES;
    if (from + length > FLATBUFFER_BLOCK_BYTES) return this.bytes.read(at, length);
    return (await this.block(index)).subarray(from, from + length);
  }

  async u16(at: number): Promise<number> {
    return (await this.take(at, 2)).readUInt16LE(0);
  }

  async u32(at: number): Promise<number> {
    return (await this.take(at, 4)).readUInt32LE(0);
  }

  private async block(index: number): Promise<Buffer> {
    const known = this.kept.get(index);
    if (known !== undefined) return known;
    const at = index * FLATBUFFER_BLOCK_BYTES;
    const block = await this.bytes.read(at, Math.min(FLATBUFFER_BLOCK_BYTES, this.bytes.sizeBytes - at));
    const [oldest] = this.kept.keys();
    if (oldest !== undefined && this.kept.size >= MOST_FLATBUFFER_BLOCKS) this.kept.delete(oldest);
    this.kept.set(index, block);
    return block;
  }
}
