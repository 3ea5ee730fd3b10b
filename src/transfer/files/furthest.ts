import type { RunMode } from '../carry/messages.js';

/** How far what has not landed ever came: coming so far again is no progress, however often a source does it. */
export class Furthest {
  #wholeByte = 0;
  readonly #pieces = new Map<number, number>();

  /** Whether a run that is at piece `index` was never before as far as `position`, a byte of the file. */
  advance({ mode, index }: { readonly mode: RunMode; readonly index: number }, position: number): boolean {
    const before = mode === 'whole' ? this.#wholeByte : (this.#pieces.get(index) ?? 0);
    if (position <= before) return false;
    if (mode === 'whole') this.#wholeByte = position;
    else this.#pieces.set(index, position);
    return true;
  }

  landed(index: number): void {
    this.#pieces.delete(index);
  }

  /** All of it may have to come again. */
  forget(): void {
    this.#wholeByte = 0;
    this.#pieces.clear();
  }
}
