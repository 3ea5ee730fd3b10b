/** How many more redials are worth trying than have helped. */
const CREDIT = 8;
/** A redial is forgiven after this long: edges change. */
const FORGIVE_MS = 2000;

/** Learns for one source how likely dialling again brings a better connection, and stops when it does not. */
export class Redials {
  tried = 0;
  helped = 0;
  #credit = CREDIT;
  #atMs = 0;

  /** Whether one more may be tried: bounded by how often it helped. */
  mayTry(nowMs: number, connections: number): boolean {
    const most = Math.max(CREDIT, 2 * connections);
    this.#credit = Math.min(most, this.#credit + ((nowMs - this.#atMs) / FORGIVE_MS) * 1);
    this.#atMs = nowMs;
    return this.#credit >= 1;
  }

  note(): void {
    this.tried += 1;
    this.#credit -= 1;
  }

  /** A connection that was dialled again is as good as its siblings: that pays for some more. */
  noteHelp(): void {
    this.helped += 1;
    this.#credit += 5;
  }
}
