import { DEMANDED_RUN_BYTES, DEMANDED_RUN_MS, MOST_DEMANDED_RUN_MS, SCHEDULE, URGENT_BYTES } from '../limits.js';
import type { PieceMap } from '../pieces/piece-map.js';
import type { Demand } from '../port.js';
import type { FileSource } from '../request/file-source.js';
import type { Share } from './hand-out.js';
import type { HeldFile } from './held-file.js';

/** What a demand means in pieces: those that nobody wants are asleep, and those that somebody waits for go first. */
export class WantedPieces {
  readonly #demand: Demand;
  /** Of the map that it was last applied to. */
  #asleep: string | undefined;
  /** To where pieces that have not landed were told of. */
  readonly #shown = new Map<number, number>();
  #urgent: readonly Share[] = [];
  #isStale = true;
  /** All of it is here, or was: what proves wrong is wanted again. */
  #wasWhole = false;

  /** `onChange`: something else is wanted. */
  constructor(demand: Demand, onChange: () => void) {
    this.#demand = demand;
    demand.listen(onChange);
  }

  /** In order; none of them is behind where its reader stops. */
  get urgent(): readonly Share[] {
    return this.#urgent;
  }

  /** Something else is wanted. True when that can be begun with at once. `map` is undefined while the file is not open. */
  changed(map: PieceMap | undefined): boolean {
    this.#isStale = true;
    if (map === undefined) return false;
    this.#apply(map);
    return this.#urgent.some(({ first }) => map.isFree(first));
  }

  /** The file begins, perhaps anew. */
  opened(held: HeldFile, distrust: (index: number) => void): void {
    this.#asleep = undefined;
    this.#isStale = true;
    this.#shown.clear();
    const digestOf = (index: number): string | undefined => held.landed.get(index)?.digest;
    this.#demand.opened(held.map.pieceBytes, held.spans(), { digestOf, distrust });
  }

  /** Of a piece everything before this byte is in the partial. */
  arrived({ map }: HeldFile, index: number, endByte: number): void {
    this.#shown.set(index, endByte);
    this.#demand.arrived({ startByte: map.startOf(index), endByte });
  }

  landed(index: number): void {
    this.#shown.delete(index);
  }

  /** What there is of a piece does not count. */
  refused(held: HeldFile, index: number): void {
    if (this.#shown.has(index)) this.#withdraw(held, index);
  }

  /** A request goes on with a piece behind so many of its bytes. What comes behind them may differ from what was read. */
  resumed(held: HeldFile, index: number, filledBytes: number): void {
    if (held.map.startOf(index) + filledBytes < (this.#shown.get(index) ?? 0)) this.#withdraw(held, index);
  }

  /** What there is of pieces that have not landed is forgotten. */
  begunAnew(held: HeldFile): void {
    for (const index of [...this.#shown.keys()]) this.#withdraw(held, index);
  }

  verified(): void {
    this.#demand.verified();
  }

  #withdraw(held: HeldFile, index: number): void {
    this.#shown.delete(index);
    this.#demand.withdrawn(held.rangeOf(index));
  }

  /** Whether there is anything to be done: a piece that is wanted, or a file that is complete and to be proven. */
  isWorkIn(map: PieceMap): boolean {
    this.#apply(map);
    return map.freeCount > 0 || map.isComplete;
  }

  #apply(map: PieceMap): void {
    if (map.isComplete && !this.#wasWhole) {
      this.#wasWhole = true;
      this.#isStale = true;
    }
    if (!this.#isStale) return;
    this.#isStale = false;
    const { isAll, spans } = this.#demand.wanted();
    const shares = spans
      .filter(({ startByte, endByte }) => startByte < endByte)
      .map(({ startByte, endByte }) => shareOf(map, startByte, endByte));
    this.#urgent = spans
      .filter(({ startByte, endByte }) => startByte < endByte)
      .map(({ startByte, endByte }) => shareOf(map, startByte, Math.min(endByte, startByte + URGENT_BYTES)));
    this.#sleep(map, isAll || this.#wasWhole ? [{ first: 0, last: map.count - 1 }] : shares);
  }

  /** Runs of a file that somebody waits for are short: a connection is soon free for what is asked for next. */
  wishBytes({ state }: FileSource, wishBytes: number, nowMs: number): number {
    if (state.refusals.isCounting(nowMs)) return wishBytes;
    const { laneRate, health } = state;
    if (laneRate === undefined) return Math.min(wishBytes, DEMANDED_RUN_BYTES);
    const worthwhileMs = SCHEDULE.roundTripsPerRun * (health.roundTripMs ?? 0);
    return Math.min(wishBytes, laneRate * Math.min(MOST_DEMANDED_RUN_MS, Math.max(DEMANDED_RUN_MS, worthwhileMs)));
  }

  /** Whether a reader is at this piece, and has everything before it. */
  isAwaited(index: number): boolean {
    return this.#urgent.some(({ first }) => first === index);
  }

  #sleep(map: PieceMap, shares: readonly Share[]): void {
    const text = shares.map(({ first, last }) => `${first}-${last}`).join();
    if (text === this.#asleep) return;
    this.#asleep = text;
    const isWanted = new Uint8Array(map.count);
    for (const { first, last } of shares) isWanted.fill(1, first, last + 1);
    map.want((index) => isWanted[index] === 1);
  }
}

function shareOf(map: PieceMap, startByte: number, endByte: number): Share {
  const { pieceBytes } = map;
  return { first: Math.floor(startByte / pieceBytes), last: Math.floor((endByte - 1) / pieceBytes) };
}
