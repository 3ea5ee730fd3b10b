import { MOST_SLIPS } from '../limits.js';
import type { DoubtOwner } from './doubts.js';

export interface Accusation {
  readonly index: number;
  readonly source: string;
  readonly reason: 'set-aside' | 'slipped' | 'undecided';
  /** SHA-256 of what it gave. */
  readonly sha256?: string;
  /** What others say it is, and who they are. */
  readonly right?: string;
  readonly by?: readonly string[];
  /** Pieces that are fetched again for it. */
  readonly again?: readonly number[];
}

/** What speaks against sources, told as events. */
export class Accusations {
  readonly #owner: Pick<DoubtOwner, 'path' | 'held' | 'environment'>;
  readonly #counts = new Map<string, number>();
  readonly #slips = new Map<string, Set<number>>();

  constructor(owner: Pick<DoubtOwner, 'path' | 'held' | 'environment'>) {
    this.#owner = owner;
  }

  tell({ index, source, reason, sha256, right, by = [], again = [] }: Accusation): void {
    this.#counts.set(source, this.countOf(source) + 1);
    const { path: file, held, environment } = this.#owner;
    const againBytes = again.reduce((sum, each) => sum + held.map.lengthOf(each), 0);
    const said = { sha256: sha256 ?? null, otherSha256: right ?? null, others: by };
    const range = held.rangeOf(index);
    environment.emit({ type: 'source.doubted', source, file, index, ...range, reason, ...said, againBytes });
  }

  countOf(source: string): number {
    return this.#counts.get(source) ?? 0;
  }

  /** It corrected itself when it was asked again. Returns whether that may still be an accident. */
  slipped(index: number, source: string): boolean {
    const slips = this.#slips.get(source) ?? new Set();
    this.#slips.set(source, slips.add(index));
    return slips.size < MOST_SLIPS;
  }

  /** Whether its wrong bytes of this piece may have become so on the way. */
  isSlip(index: number, source: string): boolean {
    const slips = this.#slips.get(source);
    return slips?.has(index) === true && slips.size < MOST_SLIPS;
  }
}
