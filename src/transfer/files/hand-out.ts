import type { PieceMap } from '../pieces/piece-map.js';

/** Pieces that follow one another, from `first` to `last` inclusive. */
export interface Share {
  readonly first: number;
  readonly last: number;
}

/** What is read of a request that is to give some of its pieces away. */
export interface Sharer {
  /** The piece it is at, and the last one that is its. */
  readonly index: number;
  readonly last: number;
  /** False when it has begun them after all. */
  shrinkTo(last: number): boolean;
}

/** Hands out the pieces of a file: the first that are missing first, in runs, and not to a source that has just been relieved of them. */
export class HandOut {
  readonly #map: PieceMap;
  readonly #isBegun: (index: number) => boolean;
  readonly #shunned = new Map<number, { readonly source: string; readonly untilMs: number }>();

  /** `isBegun`: a part of the piece is there, and it is asked for from where that ends: only as the first of a run. */
  constructor(map: PieceMap, isBegun: (index: number) => boolean) {
    this.#map = map;
    this.#isBegun = isBegun;
  }

  /** About so many bytes, at least a piece, from the first free piece on that is not before `earliest`, or else the last one. They are taken. */
  take(source: string, wishBytes: number, nowMs: number, earliest = 0): Share | undefined {
    if (earliest === 0) return this.#takeFrom(0, source, wishBytes, nowMs);
    return this.#takeFrom(earliest, source, wishBytes, nowMs) ?? this.#takeLast(source, nowMs);
  }

  #takeLast(source: string, nowMs: number): Share | undefined {
    const map = this.#map;
    for (let index = map.count - 1; index >= 0; index -= 1) {
      if (!map.isFree(index) || this.#isShunned(index, source, nowMs) || !map.take(index)) continue;
      return { first: index, last: index };
    }
    return undefined;
  }

  /** The same of pieces that somebody waits for, the first of these shares that has one left; undefined when none has. */
  takeUrgent(source: string, wishBytes: number, nowMs: number, urgent: readonly Share[]): Share | undefined {
    for (const { first, last } of urgent) {
      const share = this.#takeFrom(first, source, wishBytes, nowMs, last);
      if (share !== undefined) return share;
    }
    return undefined;
  }

  /** From the first free piece that is neither before `first` nor behind `latest`. */
  #takeFrom(first: number, source: string, wishBytes: number, nowMs: number, latest = Infinity): Share | undefined {
    const map = this.#map;
    for (let from: number | undefined = first; (from = map.firstFreeFrom(from)) !== undefined; from += 1) {
      if (from > latest) return undefined;
      if (this.#isShunned(from, source, nowMs)) continue;
      const run = map.takeRun(Math.max(1, Math.floor(wishBytes / map.pieceBytes)), from);
      if (run === undefined) return undefined;
      let last = run.first;
      const end = run.first + run.count;
      while (last + 1 < end && !this.#isBegun(last + 1) && !this.#isShunned(last + 1, source, nowMs)) last += 1;
      for (let index = last + 1; index < end; index += 1) map.giveBack(index);
      return { first: run.first, last };
    }
    return undefined;
  }

  /** About so many of the last bytes that a request has not begun, as far as whole pieces go. */
  split(run: Sharer, wishBytes: number): Share | undefined {
    const spare = run.last - run.index;
    const count = Math.min(spare, Math.max(1, Math.round(wishBytes / this.#map.pieceBytes)));
    if (count < 1) return undefined;
    const share = { first: run.last - count + 1, last: run.last };
    return run.shrinkTo(share.first - 1) ? share : undefined;
  }

  /** A request lets go of all behind a piece, which is free again; false when it has begun it after all. */
  trim(run: Sharer, last: number): boolean {
    const end = run.last;
    if (!run.shrinkTo(last)) return false;
    for (let index = last + 1; index <= end; index += 1) this.#map.giveBack(index);
    return true;
  }

  /** A request was relieved of these pieces: its source is not to have them again so soon. */
  shun({ first, last }: Share, source: string, untilMs: number): void {
    for (let index = first; index <= last; index += 1) this.#shunned.set(index, { source, untilMs });
  }

  #isShunned(index: number, source: string, nowMs: number): boolean {
    const shunned = this.#shunned.get(index);
    if (shunned === undefined) return false;
    if (nowMs < shunned.untilMs) return shunned.source === source;
    this.#shunned.delete(index);
    return false;
  }
}
