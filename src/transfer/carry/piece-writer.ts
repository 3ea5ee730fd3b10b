import { readSync, writeSync } from 'node:fs';
import type { WriteTurn } from '../../base/index.js';
import {
  createHasher,
  Residents,
  SLAB_BYTES,
  type Hasher,
  type PieceAlgorithm,
  type Slabs,
} from '../../proof/index.js';

/** Slabs wait in memory for the hash of their file only while more than this share of all is free: connections come first. */
const FREE_SHARE = 1 / 3;
/** Whole pieces wait so long for the rest of their slab: a slow connection's are not to wait for more of its kind. */
const GATHER_MS = 25;

/** Of a piece that somebody waits for so much is written at once; less at its beginning. */
const SHOWN_BYTES = 128 * 1024;
/** What came of a piece is shown after so long in any case: a slow line takes minutes for one. */
const SHOWN_MS = 250;

interface Slab {
  readonly memory: Buffer;
  /** Undefined for memory that is not shared. */
  readonly id: number | undefined;
  /** Where in the file it was begun: it is worth keeping only when that is its start. */
  readonly fromByte: number;
  readonly begunMs: number;
}

export interface WriterMeans {
  readonly descriptor: number;
  readonly turn: WriteTurn;
  readonly slabs: Slabs;
  /** Where to leave slabs for whoever hashes the file in order. */
  readonly residents: SharedArrayBuffer | undefined;
  readonly algorithm: PieceAlgorithm;
  /** Of the file. */
  readonly sizeBytes: number;
  /** In order, each once its bytes are with the kernel. `isLast`: as it was given to `finish`. */
  readonly onLanded: (index: number, digest: string, isLast: boolean) => void;
}

interface Finished {
  readonly index: number;
  readonly digest: string;
  readonly isLast: boolean;
}

/**
 * Puts the bytes of one piece after the other into a file: gathered in slabs, of which a piece may be a part or several, written by positional calls of a slab's
 * size, hashed while they are in the cache, and left in memory for whoever hashes the file in order. It blocks its thread while it writes.
 */
export class PieceWriter {
  readonly #means: WriterMeans;
  readonly #residents: Residents | undefined;
  #hasher: Hasher;
  #slab: Slab | undefined;
  readonly #finished: Finished[] = [];
  /** Full slabs of a piece that is not whole yet. */
  readonly #kept: { readonly index: number; readonly id: number }[] = [];
  #index = 0;
  #startByte = 0;
  #endByte = 0;
  #position = 0;
  /** Everything before it went into the digest of its piece. */
  #hashed = 0;
  /** Everything before it is written. */
  #written = 0;
  /** When something was last written for somebody to see. */
  #shownMs = performance.now();

  constructor(means: WriterMeans) {
    this.#means = means;
    this.#residents = means.residents === undefined ? undefined : new Residents(means.residents);
    this.#hasher = createHasher(means.algorithm, 0);
  }

  get leftBytes(): number {
    return this.#endByte - this.#position;
  }

  /** A piece of which `filledBytes` stand in the file already. */
  begin(index: number, startByte: number, endByte: number, filledBytes: number): void {
    const isNext = startByte === this.#position && filledBytes === 0;
    if (!isNext) this.#flush();
    this.#hasher = createHasher(this.#means.algorithm, endByte - startByte);
    this.#index = index;
    this.#startByte = startByte;
    this.#endByte = endByte;
    if (isNext) return;
    this.#dropSlab();
    this.#position = startByte;
    while (this.#position < startByte + filledBytes) this.#readBack(startByte + filledBytes);
    this.#dropSlab();
    this.#written = this.#hashed = this.#position;
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
      // The end of a piece is written with what follows it, or by `finish`.
      if (this.#position % SLAB_BYTES === 0 && this.leftBytes > 0) this.#flush();
    }
    return taken;
  }

  /** The piece is whole. It lands now or with what follows it in its slab; now if it is the last. */
  finish(isLast: boolean): void {
    this.#hash();
    this.#finished.push({ index: this.#index, digest: this.#hasher.hex(), isLast });
    const slab = this.#slab;
    const isFull = this.#position % SLAB_BYTES === 0;
    if (isLast || isFull || slab === undefined || performance.now() - slab.begunMs > GATHER_MS) this.#flush();
  }

  /**
   * Writes what came of the piece so far, if it waited long, or, where somebody may wait for it (`isFirst`), if it is as much as was there before. Returns up to where it is written; undefined
   * when nothing was.
   */
  show(isFirst: boolean): number | undefined {
    const newBytes = this.#position - Math.max(this.#written, this.#startByte);
    if (newBytes <= 0) return undefined;
    const nowMs = performance.now();
    const isMuch = isFirst && newBytes >= Math.min(SHOWN_BYTES, this.#written - this.#startByte);
    if (!isMuch && nowMs - this.#shownMs < SHOWN_MS) return undefined;
    this.#shownMs = nowMs;
    this.#flush();
    return this.#written;
  }

  /** Writes what came of the piece so far, and ends there. */
  leave(): { readonly filledBytes: number; readonly digest: string } {
    this.#flush();
    return { filledBytes: this.#position - this.#startByte, digest: this.#hasher.hex() };
  }

  /** Gives all memory back; nothing is written any more. */
  close(): void {
    for (const { id } of this.#kept.splice(0)) this.#means.slabs.giveBack(id);
    this.#dropSlab();
  }

  #hash(): void {
    const slab = this.#slab;
    if (slab === undefined || this.#hashed === this.#position) return;
    const base = slabStart(this.#hashed);
    this.#hasher.update(slab.memory.subarray(this.#hashed - base, this.#position - base));
    this.#hashed = this.#position;
  }

  /** Writes what is not written yet, then tells of the pieces that are whole with it. */
  #flush(): void {
    const slab = this.#slab;
    if (slab !== undefined && this.#written < this.#position) {
      this.#hash();
      const base = slabStart(this.#written);
      const bytes = slab.memory.subarray(this.#written - base, this.#position - base);
      this.#means.turn.run(() => this.#write(bytes));
      this.#written = this.#position;
      this.#leaveSlab(slab, base);
    }
    const finished = this.#finished.splice(0);
    // What another thread may find in memory has to stay as it is: a piece that is not whole may still be given to somebody else.
    if (finished.length > 0)
      for (const { index, id } of this.#kept.splice(0)) this.#giveBack(this.#residents?.put(index, id));
    for (const { index, digest, isLast } of finished) this.#means.onLanded(index, digest, isLast);
  }

  /** Keeps a slab that is full for the hash of the file, where there is room for it; what was there before is older than the file now. */
  #leaveSlab(slab: Slab, base: number): void {
    const index = base / SLAB_BYTES;
    const isFull = this.#written === base + SLAB_BYTES || this.#written === this.#means.sizeBytes;
    const isWanted = this.#residents !== undefined && slab.fromByte === base && this.#hasPlenty();
    if (isFull && isWanted && slab.id !== undefined) {
      this.#kept.push({ index, id: slab.id });
      this.#slab = undefined;
    } else {
      this.#giveBack(this.#residents?.takeOut(index));
      if (isFull) this.#slab = { ...slab, fromByte: this.#written, begunMs: performance.now() };
    }
  }

  #write(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#means.descriptor, bytes, done, bytes.length - done, this.#written + done);
  }

  #hasPlenty(): boolean {
    const { slabs } = this.#means;
    return slabs.freeCount > slabs.count * FREE_SHARE;
  }

  #takeSlab(): Slab {
    const { slabs } = this.#means;
    const id = slabs.take();
    const memory = id === undefined ? slabs.takeOwn() : slabs.view(id);
    return { id, memory, fromByte: this.#position, begunMs: performance.now() };
  }

  #dropSlab(): void {
    const slab = this.#slab;
    this.#slab = undefined;
    if (slab === undefined) return;
    if (slab.id === undefined) this.#means.slabs.giveBackOwn(slab.memory);
    else this.#giveBack(slab.id);
  }

  #giveBack(id: number | undefined): void {
    if (id !== undefined) this.#means.slabs.giveBack(id);
  }

  #readBack(endByte: number): void {
    this.#slab ??= this.#takeSlab();
    const { memory } = this.#slab;
    const bytes = Math.min(memory.length, endByte - this.#position);
    const got = readSync(this.#means.descriptor, memory, 0, bytes, this.#position);
    if (got === 0) throw new Error(`the partial ends at byte ${this.#position}`);
    this.#hasher.update(memory.subarray(0, got));
    this.#position += got;
  }
}

function slabStart(position: number): number {
  return position - (position % SLAB_BYTES);
}
