const MAX_SESSIONS = 100;

/** The last TLS session of each host (`name` or `name:port`): its next connection, on whichever road, saves a round trip and the certificates. */
export class Sessions {
  readonly #tickets = new Map<string, Buffer>();

  get(host: string): Buffer | undefined {
    return this.#tickets.get(host);
  }

  remember(host: string, ticket: Buffer): void {
    this.#tickets.delete(host);
    this.#tickets.set(host, ticket);
    const oldest = this.#tickets.keys().next().value;
    if (this.#tickets.size > MAX_SESSIONS && oldest !== undefined) this.#tickets.delete(oldest);
  }

  /** A handshake failed: should the session be why, the next one does without. */
  forget(host: string): void {
    this.#tickets.delete(host);
  }
}
