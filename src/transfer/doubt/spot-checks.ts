import { ODD_SPOT_SHARE, SPOT_BYTES, SPOT_SHARE } from '../limits.js';

/** Bytes of a piece that are to be fetched from somebody else too. */
export interface Spot {
  readonly index: number;
  readonly owner: string;
  readonly startByte: number;
  readonly endByte: number;
}

interface Brought {
  bytes: number;
  checkedBytes: number;
  readonly pieces: { readonly index: number; readonly startByte: number; readonly endByte: number }[];
}

/**
 * Which bytes are compared with what another source sends while the file arrives: of every source the beginning of its first piece, then pieces drawn at
 * random, of the source that has been checked least. About a hundredth of the file in all, more once something was odd.
 */
export class SpotChecks {
  readonly #sizeBytes: number;
  readonly #random: () => number;
  readonly #brought = new Map<string, Brought>();
  #share = SPOT_SHARE;
  #landedBytes = 0;
  #checkedBytes = 0;

  constructor(sizeBytes: number, random: () => number = Math.random) {
    this.#sizeBytes = sizeBytes;
    this.#random = random;
  }

  get checkedBytes(): number {
    return this.#checkedBytes;
  }

  landed(index: number, owner: string, range: { readonly startByte: number; readonly endByte: number }): void {
    const brought = this.#brought.get(owner) ?? { bytes: 0, checkedBytes: 0, pieces: [] };
    this.#brought.set(owner, brought);
    brought.pieces.push({ index, ...range });
    const bytes = range.endByte - range.startByte;
    brought.bytes += bytes;
    this.#landedBytes += bytes;
  }

  /** Two sources do not agree, and nobody knows who is right, or one of them corrected itself. */
  raise(): void {
    this.#share = ODD_SPOT_SHARE;
  }

  /** The next bytes to compare, of an owner that may be checked; they count as compared. */
  next(mayCheck: (owner: string) => boolean): Spot | undefined {
    let least: [owner: string, brought: Brought] | undefined;
    for (const [owner, brought] of this.#brought) {
      if (brought.pieces.length === 0 || !mayCheck(owner)) continue;
      if (least === undefined || shareOf(brought) < shareOf(least[1])) least = [owner, brought];
    }
    if (least === undefined) return undefined;
    const [owner, brought] = least;
    const isFirst = brought.checkedBytes === 0;
    const allowedBytes = this.#share * (isFirst ? this.#sizeBytes : this.#landedBytes);
    if (this.#checkedBytes + SPOT_BYTES > allowedBytes) return undefined;
    const at = isFirst ? 0 : Math.floor(this.#random() * brought.pieces.length);
    const piece = brought.pieces[at];
    if (piece === undefined) return undefined;
    brought.pieces[at] = brought.pieces.at(-1) ?? piece;
    brought.pieces.pop();
    const room = Math.max(0, piece.endByte - piece.startByte - SPOT_BYTES);
    const startByte = piece.startByte + (isFirst ? 0 : Math.floor(this.#random() * (room + 1)));
    const endByte = Math.min(piece.endByte, startByte + SPOT_BYTES);
    brought.checkedBytes += endByte - startByte;
    this.#checkedBytes += endByte - startByte;
    return { index: piece.index, owner, startByte, endByte };
  }
}

function shareOf({ bytes, checkedBytes }: Brought): number {
  return checkedBytes / bytes;
}
