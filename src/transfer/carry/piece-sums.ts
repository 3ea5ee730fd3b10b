import type { WrittenSum } from '../../hubs/index.js';
import { combineCrc32, crcHex } from '../../proof/index.js';

/** Digests of pieces from sums of their parts, which come in any order. */
export class PieceSums {
  readonly #pieceBytes: number;
  readonly #parts = new Map<number, WrittenSum[]>();

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
  }

  /** None of them reaches across the end of a piece. */
  add(sums: readonly WrittenSum[]): void {
    for (const sum of sums) {
      const index = Math.floor(sum.startByte / this.#pieceBytes);
      const parts = this.#parts.get(index);
      if (parts === undefined) this.#parts.set(index, [sum]);
      else parts.push(sum);
    }
  }

  /** CRC-32 in hex of a piece that ends at `endByte`; undefined when the parts are not exactly all of it. What is known of it is forgotten. */
  take(index: number, endByte: number): string | undefined {
    const parts = this.#parts.get(index) ?? [];
    this.#parts.delete(index);
    let position = index * this.#pieceBytes;
    let crc = 0;
    for (const { startByte, lengthBytes, crc32 } of parts.sort((a, b) => a.startByte - b.startByte)) {
      if (startByte !== position) return undefined;
      crc = combineCrc32(crc, crc32, lengthBytes);
      position += lengthBytes;
    }
    return position === endByte ? crcHex(crc) : undefined;
  }
}
