import { SluiceError } from '../../base/index.js';
import type { Environment } from '../environment.js';
import type { LandedPiece } from '../journal/journal.js';
import type { HeldFile } from './held-file.js';

/** Holds pieces against a list of what they must be, where there is one. */
export class ListedPieces {
  readonly #environment: Pick<Environment, 'emit'>;
  readonly #path: string;
  readonly #wrong = new Map<string, number>();

  constructor(environment: Pick<Environment, 'emit'>, path: string) {
    this.#environment = environment;
    this.#path = path;
  }

  /** Frees a piece that is not what somebody who is believed says it is. `hasOther`: who brought it did so alone, and somebody else may be asked. @throws SluiceError what that means for its source */
  assertRight(held: HeldFile, { index, source, digest }: LandedPiece, hasOther: boolean): void {
    const expected = held.trusted?.[index];
    if (expected === undefined || expected === digest) return;
    held.refuse(index);
    const details = { path: this.#path, algorithm: 'sha256', expected, actual: digest, source };
    const error = new SluiceError('DIGEST_MISMATCH', details);
    const { message } = error;
    this.#environment.emit({ type: 'piece.wrong', file: this.#path, index, source, message, expected, actual: digest });
    if (hasOther && held.isListed) throw error;
    // A source that is the last, or that only finished what another began, gets a second chance: a byte may have flipped on the way.
    const key = `${source} ${index}`;
    const times = (this.#wrong.get(key) ?? 0) + 1;
    this.#wrong.set(key, times);
    throw times > 1 ? error : new SluiceError('BAD_RESPONSE', { host: source, reason: 'a piece with wrong bytes' });
  }
}
