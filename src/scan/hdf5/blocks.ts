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

export function part(block: Buffer, at: number, length: number): Buffer {
  if (at + length > block.length) throw fault(`${length} bytes at ${at} of a structure of ${block.length}`);
  return block.subarray(at, at + length);
}

/** Reads blocks of metadata by their addresses and keeps what they were. Every block counts once: a file that leads in circles ends. */
export class Blocks {
  readonly attributions: Attribution[] = [];
  private readonly seen = new Set<string>();

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
    return this.bytes.read(address, length);
  }

  /** Data that is not looked into. */
  claim(address: number, length: number, what: string): void {
    if (!(address >= 0 && length >= 0 && address + length <= this.bytes.sizeBytes))
      throw fault(`${what} at ${address} goes beyond the file`);
    this.attributions.push({ startByte: address, endByte: address + length, what });
  }
}
