import { createHash, type Hash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import type { WriteTurn } from '../../base/index.js';
import { Residents, SLAB_BYTES, type Slabs } from '../../proof/index.js';

/** Slabs wait in memory for the hash of their file only while more than this share of all is free: connections come first. */
const FREE_SHARE = 1 / 3;

interface Slab {
  readonly memory: Buffer;
  /** Undefined for memory that is not shared. */
  readonly id: number | undefined;
}

/**
 * Puts the bytes of one piece after the other into a file: gathered in slabs, written by positional calls of a slab's size, hashed while they
 * are in the cache, and left in memory for whoever hashes the file in order. It blocks its thread while it writes.
 */
export class PieceWriter {
  readonly #descriptor: number;
  readonly #turn: WriteTurn;
  readonly #slabs: Slabs;
  readonly #residents: Residents | undefined;
  #hash: Hash = createHash('sha256');
  #slab: Slab | undefined;
  #kept: { readonly index: number; readonly id: number }[] = [];
  #startByte = 0;
  #endByte = 0;
  #position = 0;
  /** Everything before it is written. */
  #written = 0;

  constructor(descriptor: number, turn: WriteTurn, slabs: Slabs, residents: SharedArrayBuffer | undefined) {
    this.#descriptor = descriptor;
    this.#turn = turn;
    this.#slabs = slabs;
    this.#residents = residents === undefined ? undefined : new Residents(residents);
  }

  get position(): number {
    return this.#position;
  }

  get leftBytes(): number {
    return this.#endByte - this.#position;
  }

  /** A piece of which `filledBytes` stand in the file already. */
  begin(startByte: number, endByte: number, filledBytes: number): void {
    this.#hash = createHash('sha256');
    this.#startByte = startByte;
    this.#endByte = endByte;
    this.#position = startByte;
    while (this.#position < startByte + filledBytes) this.#readBack(startByte + filledBytes);
    this.#written = this.#position;
  }

  /** The rest of the slab that is being filled, as far as it belongs to the piece. */
  room(): Buffer | undefined {
    if (this.leftBytes === 0) return undefined;
    this.#slab ??= this.#takeSlab();
    const base = slabStart(this.#position);
    return this.#slab.memory.subarray(this.#position - base, Math.min(base + SLAB_BYTES, this.#endByte) - base);
  }

  /** Takes what belongs to the piece; returns how much that was. */
  put(chunk: Buffer): number {
    let taken = 0;
    while (taken < chunk.length) {
      const room = this.room();
      if (room === undefined) break;
      const bytes = Math.min(room.length, chunk.length - taken);
      const isInPlace = room.buffer === chunk.buffer && room.byteOffset === chunk.byteOffset + taken;
      if (!isInPlace) chunk.copy(room, 0, taken, taken + bytes);
      taken += bytes;
      this.#position += bytes;
      if (this.#position % SLAB_BYTES === 0 || this.leftBytes === 0) this.#flush();
    }
    return taken;
  }

  /** SHA-256 of the piece, which is with the kernel now. */
  finish(): string {
    for (const { index, id } of this.#kept) {
      const before = this.#residents?.put(index, id);
      if (before !== undefined) this.#slabs.giveBack(before);
    }
    this.#kept = [];
    return this.#hash.digest('hex');
  }

  /** Writes what came of the piece so far. */
  leave(): { readonly filledBytes: number; readonly sha256: string } {
    this.#flush();
    return { filledBytes: this.#position - this.#startByte, sha256: this.#hash.copy().digest('hex') };
  }

  /** Gives all memory back; nothing is written any more. */
  close(): void {
    for (const { id } of this.#kept) this.#slabs.giveBack(id);
    this.#kept = [];
    this.#dropSlab();
  }

  #flush(): void {
    const slab = this.#slab;
    if (slab === undefined || this.#written === this.#position) return;
    const base = slabStart(this.#written);
    const bytes = slab.memory.subarray(this.#written - base, this.#position - base);
    this.#hash.update(bytes);
    this.#turn.run(() => this.#write(bytes));
    const isWhole = this.#written === base && (this.#position === base + SLAB_BYTES || this.leftBytes === 0);
    this.#written = this.#position;
    if (isWhole && this.#residents !== undefined && slab.id !== undefined && this.#hasPlenty()) {
      this.#kept.push({ index: base / SLAB_BYTES, id: slab.id });
      this.#slab = undefined;
    }
  }

  #write(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#written + done);
  }

  #hasPlenty(): boolean {
    return this.#slabs.freeCount > this.#slabs.count * FREE_SHARE;
  }

  #takeSlab(): Slab {
    const id = this.#slabs.take();
    return { id, memory: id === undefined ? Buffer.allocUnsafeSlow(SLAB_BYTES) : this.#slabs.view(id) };
  }

  #dropSlab(): void {
    if (this.#slab?.id !== undefined) this.#slabs.giveBack(this.#slab.id);
    this.#slab = undefined;
  }

  #readBack(endByte: number): void {
    this.#slab ??= this.#takeSlab();
    const { memory } = this.#slab;
    const bytes = Math.min(memory.length, endByte - this.#position);
    const got = readSync(this.#descriptor, memory, 0, bytes, this.#position);
    if (got === 0) throw new Error(`the partial ends at byte ${this.#position}`);
    this.#hash.update(memory.subarray(0, got));
    this.#position += got;
  }
}

function slabStart(position: number): number {
  return position - (position % SLAB_BYTES);
}
