import { SluiceError } from '../../base/index.js';
import type { Environment } from '../environment.js';
import type { LandedPiece } from '../journal/journal.js';
import type { HeldFile } from './held-file.js';

/** Holds what lands of one file against digests of its pieces that are believed, where there are any. */
export class TrustedPieces {
  readonly #environment: Pick<Environment, 'emit'>;
  readonly #path: string;
  /** How often a source gave a piece wrong. */
  readonly #wrong = new Map<string, number>();

  constructor(environment: Pick<Environment, 'emit'>, path: string) {
    this.#environment = environment;
    this.#path = path;
  }

  /** Frees a piece that is not what somebody who is believed says it is. @throws SluiceError what that means for its source */
  assertRight(held: HeldFile, piece: LandedPiece): void {
    const expected = held.trusted?.[piece.index];
    if (expected === undefined || expected === piece.digest) return;
    held.map.giveBack(piece.index);
    throw this.#wrongPiece(piece, expected);
  }

  #wrongPiece({ index, source, digest }: LandedPiece, expected: string): SluiceError {
    const path = this.#path;
    const error = new SluiceError('DIGEST_MISMATCH', { path, algorithm: 'sha256', expected, actual: digest, source });
    this.#environment.emit({ type: 'piece.wrong', file: path, index, source, message: error.message });
    // The same source gets a second chance at the piece: a byte may have flipped on the way.
    const key = `${source} ${index}`;
    const times = (this.#wrong.get(key) ?? 0) + 1;
    this.#wrong.set(key, times);
    return times > 1 ? error : new SluiceError('BAD_RESPONSE', { host: source, reason: 'a piece with wrong bytes' });
  }
}
