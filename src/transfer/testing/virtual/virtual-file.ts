import type { Desk, RequestView, Work } from '../../files/job.js';
import { findLate, firstFor, type FrontRun } from '../../files/front.js';
import { HandOut } from '../../files/hand-out.js';
import { workOf } from '../../files/request-work.js';
import { PieceMap } from '../../pieces/piece-map.js';
import { pieceBytesFor } from '../../pieces/piece-size.js';
import type { FileSource } from '../../request/file-source.js';

/** A file that counts bytes instead of holding them; it watches that each comes once, to whoever was asked for it. */
export class VirtualFile implements Desk {
  readonly task: { readonly path: string };
  readonly sources: readonly FileSource[];
  readonly map: PieceMap;
  /** Of each piece, how much is there. */
  readonly filled: number[];
  /** The furthest that anything was asked for ahead of the oldest missing byte. */
  furthestBytes = 0;
  /** Given from one request to another while it was under way. */
  sharedBytes = 0;
  #provenBytes = 0;
  readonly #handOut: HandOut;
  readonly #owners: (VirtualRun | undefined)[];
  readonly #runs = new Set<VirtualRun>();
  readonly #runOf = new WeakMap<Work, VirtualRun>();

  constructor(path: string, sizeBytes: number, sources: readonly FileSource[], pieceBytes = pieceBytesFor(sizeBytes)) {
    this.task = { path };
    this.sources = sources;
    this.map = new PieceMap(sizeBytes, pieceBytes);
    this.filled = Array.from({ length: this.map.count }, () => 0);
    this.#owners = Array.from({ length: this.map.count }, () => undefined);
    this.#handOut = new HandOut(this.map, (index) => (this.filled[index] ?? 0) > 0);
  }

  /** Everything is here, and hashed. */
  get isProven(): boolean {
    return this.#provenBytes >= this.map.sizeBytes;
  }

  /** Hashing goes on, in order, as far as pieces are whole, by so much at most. */
  prove(mostBytes: number): void {
    this.#provenBytes = Math.min(this.map.frontierBytes, this.#provenBytes + mostBytes);
  }

  get isFetching(): boolean {
    return !this.map.isComplete;
  }

  get freeBytes(): number {
    return this.map.freeCount * this.map.pieceBytes;
  }

  take(from: FileSource, wishBytes: number, nowMs: number): Work | undefined {
    const front = { sources: this.sources, map: this.map, wishBytes, nowMs };
    const late = findLate([...this.#runs], from, front);
    if (late !== undefined) this.#handOut.trim(late.run, late.last);
    const share = this.#handOut.take(from.source.id, wishBytes, nowMs, firstFor(from, front));
    if (share === undefined) return undefined;
    this.furthestBytes = Math.max(this.furthestBytes, this.map.endOf(share.last) - this.map.frontierBytes);
    return this.#track(new VirtualRun(this, share.first, share.last, from));
  }

  split(victim: Work, from: FileSource, wishBytes: number): Work | undefined {
    const run = this.#runOf.get(victim);
    const share = run === undefined || run.isOver ? undefined : this.#handOut.split(run, wishBytes);
    if (share === undefined) return undefined;
    this.sharedBytes += this.map.endOf(share.last) - this.map.startOf(share.first);
    return this.#track(new VirtualRun(this, share.first, share.last, from));
  }

  shun(victim: Work, untilMs: number): void {
    const run = this.#runOf.get(victim);
    if (run !== undefined) this.#handOut.shun({ first: run.index, last: run.last }, run.from.source.id, untilMs);
  }

  runOf(work: Work): VirtualRun {
    const run = this.#runOf.get(work);
    if (run === undefined) throw new Error('no run of this file');
    return run;
  }

  begin(run: VirtualRun, index: number): void {
    if (this.#owners[index] !== undefined) throw new Error(`piece ${index} is asked for twice`);
    if (this.map.isLanded(index)) throw new Error(`piece ${index} is asked for although it is there`);
    this.#owners[index] = run;
  }

  put(run: VirtualRun, index: number, bytes: number): void {
    if (this.#owners[index] !== run) throw new Error(`piece ${index} comes from somebody who does not own it`);
    this.filled[index] = (this.filled[index] ?? 0) + bytes;
    if (this.filled[index] < this.map.lengthOf(index)) return;
    if (this.map.isLanded(index)) throw new Error(`piece ${index} landed twice`);
    this.map.land(index);
    this.#owners[index] = undefined;
  }

  /** It is another request's now. */
  disown(run: VirtualRun, index: number): void {
    if (this.#owners[index] === run) this.#owners[index] = undefined;
  }

  /** It has all that it wants. */
  over(run: VirtualRun): void {
    run.isOver = true;
    this.#runs.delete(run);
  }

  leave(run: VirtualRun): void {
    this.over(run);
    for (let index = run.index; index <= run.last; index += 1) {
      if (this.#owners[index] !== run) continue;
      this.#owners[index] = undefined;
      this.map.giveBack(index);
    }
  }

  #track(run: VirtualRun): Work {
    this.#runs.add(run);
    const work = workOf(run, {
      abort: () => {
        run.isAborted = true;
      },
      run: () => Promise.resolve(),
    });
    this.#runOf.set(work, run);
    return work;
  }
}

/** What one request still has to bring. */
export class VirtualRun implements RequestView, FrontRun {
  readonly keeps = 'loose';
  readonly mode = 'range';
  readonly from: FileSource;
  /** The end of what was asked for on the wire. */
  readonly asked: number;
  receivedBytes = 0;
  firstByteMs: number | undefined;
  lastByteMs: number | undefined;
  isAborted = false;
  isOver = false;
  index: number;
  last: number;
  readonly #file: VirtualFile;

  constructor(file: VirtualFile, first: number, last: number, from: FileSource) {
    this.#file = file;
    this.index = first;
    this.last = last;
    this.asked = last;
    this.from = from;
    for (let index = first; index <= last; index += 1) file.begin(this, index);
  }

  get spareBytes(): number {
    const { map } = this.#file;
    return this.last > this.index ? map.endOf(this.last) - map.startOf(this.index + 1) : 0;
  }

  get leftOfPieceBytes(): number {
    const { map, filled } = this.#file;
    return map.lengthOf(this.index) - (filled[this.index] ?? 0);
  }

  get behindBytes(): number {
    const { map } = this.#file;
    return map.sizeBytes - map.endOf(this.index);
  }

  get leftBytes(): number {
    return this.leftOfPieceBytes + this.spareBytes;
  }

  shrinkTo(last: number): boolean {
    for (let index = last + 1; index <= this.last; index += 1) this.#file.disown(this, index);
    this.last = last;
    return true;
  }

  /** Takes so many bytes; true when it has all it wants. */
  receive(bytes: number, nowMs: number): boolean {
    this.firstByteMs ??= nowMs;
    if (bytes > 0) this.lastByteMs = nowMs;
    let rest = bytes;
    while (rest > 0) {
      const room = this.#file.map.lengthOf(this.index) - (this.#file.filled[this.index] ?? 0);
      const part = Math.min(room, rest);
      this.#file.put(this, this.index, part);
      this.receivedBytes += part;
      rest -= part;
      if (part < room) continue;
      if (this.index === this.last) {
        this.#file.over(this);
        return true;
      }
      this.index += 1;
    }
    return false;
  }
}
