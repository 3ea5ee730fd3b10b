import type { Compared } from './judge.js';

interface Entry {
  owners: readonly string[];
  /** Undefined while it is not known what stands in the file. */
  sha256: string | undefined;
  readonly answers: Map<string, string>;
}

/** What sources said of the pieces of a file. */
export class Ledger {
  readonly #entries = new Map<number, Entry>();

  /** This stands in the file now, and these brought it. What was said before of the piece still counts. */
  stands(index: number, owners: readonly string[], sha256: string): void {
    const entry = this.#entryOf(index);
    entry.owners = owners;
    entry.sha256 = sha256;
  }

  answered(index: number, source: string, sha256: string): void {
    this.#entryOf(index).answers.set(source, sha256);
  }

  /** What stood in the file is to be replaced: it remains what its owner said. */
  dropped(index: number): void {
    const entry = this.#entries.get(index);
    if (entry?.sha256 === undefined) return;
    const [owner] = entry.owners;
    if (entry.owners.length === 1 && owner !== undefined && !entry.answers.has(owner))
      entry.answers.set(owner, entry.sha256);
    entry.sha256 = undefined;
    entry.owners = [];
  }

  /** Undefined as long as it is not known what stands in the file. */
  of(index: number): Compared | undefined {
    const entry = this.#entries.get(index);
    if (entry?.sha256 === undefined) return undefined;
    return { owners: entry.owners, sha256: entry.sha256, answers: entry.answers };
  }

  hasAnswer(index: number, source: string): boolean {
    return this.#entries.get(index)?.answers.has(source) === true;
  }

  /** Whether one of those who count gave the same as stands there; its owners only where `orOwner`. */
  isConfirmed(index: number, counts: (source: string) => boolean, orOwner = false): boolean {
    const piece = this.of(index);
    if (piece === undefined) return false;
    return [...piece.answers].some(
      ([source, sha256]) => sha256 === piece.sha256 && counts(source) && (orOwner || !piece.owners.includes(source)),
    );
  }

  /** Whether one of those who brought it gave the same as stands there once more. */
  isRepeated(index: number): boolean {
    const piece = this.of(index);
    return piece?.owners.some((owner) => piece.answers.get(owner) === piece.sha256) === true;
  }

  /** What was said of the piece does not count any more; what stands there is known still. */
  forget(index: number): void {
    this.#entries.get(index)?.answers.clear();
  }

  /** Pieces of which somebody said something else than what stands there. */
  *contradicted(): Generator<{ readonly index: number; readonly source: string; readonly sha256: string }> {
    for (const [index, entry] of this.#entries) {
      if (entry.sha256 === undefined) continue;
      for (const [source, sha256] of entry.answers) if (sha256 !== entry.sha256) yield { index, source, sha256 };
    }
  }

  #entryOf(index: number): Entry {
    const known = this.#entries.get(index);
    if (known !== undefined) return known;
    const entry: Entry = { owners: [], sha256: undefined, answers: new Map() };
    this.#entries.set(index, entry);
    return entry;
  }
}
