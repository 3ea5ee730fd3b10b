import { FormatFault } from '../format-fault.js';
import { MOST_HDF5_BLOCK_BYTES, MOST_HDF5_OBJECTS } from '../limits.js';
import type { Attribution, ByteSource } from '../port.js';

/** How HDF5 writes that there is no address. */
const UNDEFINED = 0xffffffffffffffffn;

export const fault = (reason: string): FormatFault => new FormatFault('HDF5-FAULT', reason);

/** A number of 8 bytes that must be a place or length in memory's reach; undefined where the file says that there is none. @throws FormatFault */
export function u64(block: Buffer, at: number): number | undefined {
  if (at + 8 > block.length) throw fault(`a structure that ends at ${block.length}`);
  const value = block.readBigUInt64LE(at);
  if (value === UNDEFINED) return undefined;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw fault(`the number ${value}`);
  return Number(value);
}

export function u16(block: Buffer, at: number): number {
  if (at + 2 > block.length) throw fault(`a structure that ends at ${block.length}`);
  return block.readUInt16LE(at);
}

export function u8(block: Buffer, at: number): number {
  const value = block[at];
  if (value === undefined) throw fault(`a structure that ends at ${block.length}`);
  return value;
}

/** A number of `width` bytes, at most 8. Where all bits are set, the caller looks. @throws FormatFault beyond 2^53 */
export function unsigned(block: Buffer, at: number, width: number): number {
  const bytes = part(block, at, width);
  let value = 0;
  for (let index = width - 1; index >= 0; index -= 1) value = value * 256 + (bytes[index] ?? 0);
  if (value > Number.MAX_SAFE_INTEGER) throw fault(`a number of ${width} bytes at ${at}`);
  return value;
}

/** So many bytes the library takes for numbers up to `most`. */
export function widthFor(most: number): number {
  return Math.floor(Math.floor(Math.log2(most)) / 8) + 1;
}

/** An address that must be there. @throws FormatFault */
export function address(block: Buffer, at: number): number {
  const value = u64(block, at);
  if (value === undefined) throw fault('an address that is not there');
  return value;
}

export function part(block: Buffer, at: number, length: number): Buffer {
  if (at + length > block.length) throw fault(`${length} bytes at ${at} of a structure of ${block.length}`);
  return block.subarray(at, at + length);
}

const SUPERBLOCK_BYTES = 4096;

/** Reads blocks of metadata by their addresses and keeps what they were. Every block counts once: a file that leads in circles ends. */
export class Blocks {
  readonly attributions: Attribution[] = [];
  private readonly seen = new Set<string>();
  private readBytes = 0;

  constructor(readonly bytes: ByteSource) {}

  /** Whether [address, …) is met as `what` for the first time. @throws FormatFault beyond a million of them */
  isNew(address: number, what: string): boolean {
    const key = `${what}@${address}`;
    if (this.seen.has(key)) return false;
    if (this.seen.size >= MOST_HDF5_OBJECTS) throw fault(`more than ${MOST_HDF5_OBJECTS} blocks`);
    this.seen.add(key);
    return true;
  }

  /** A block of metadata. @throws FormatFault outside of the file, or larger than any is */
  async read(address: number, length: number, what: string): Promise<Buffer> {
    if (length > MOST_HDF5_BLOCK_BYTES) throw fault(`${what} of ${length} bytes`);
    this.claim(address, length, what);
    return this.again(address, length);
  }

  /** A part of what was claimed. @throws FormatFault where more is read than a file has whose blocks do not overlap */
  async again(address: number, length: number): Promise<Buffer> {
    this.readBytes += length;
    // Some blocks are read in two or three steps.
    if (this.readBytes > 4 * this.bytes.sizeBytes + SUPERBLOCK_BYTES) throw fault('blocks that overlap');
    return this.bytes.read(address, length);
  }

  /** A block that begins with its signature, once. @throws FormatFault where it does not, or where it was met already */
  async signed(address: number, length: number, signature: string): Promise<Buffer> {
    if (!this.isNew(address, signature)) throw fault(`${signature} at ${address} that is met twice`);
    const block = await this.read(address, length, signature);
    if (block.toString('latin1', 0, 4) !== signature) throw fault(`no ${signature} at ${address}`);
    return block;
  }

  /** Data that is not looked into. */
  claim(address: number, length: number, what: string): void {
    if (!(address >= 0 && length >= 0 && address + length <= this.bytes.sizeBytes))
      throw fault(`${what} at ${address} goes beyond the file`);
    this.attributions.push({ startByte: address, endByte: address + length, what });
  }
}
