/** How long an exchange may be silent. */
export interface Patience {
  /** From the request on the wire to the head of its answer. */
  readonly headTimeoutMs: number;
  /** No byte of a body for that long is STALLED; time that the sink takes is not counted. */
  readonly idleMs: number;
}

/** A connection that nobody uses is kept for so long, unless its server said less. */
export const KEEP_ALIVE_MS = 10_000;

/** The body of a redirect is waited for this long, to keep its connection. */
export const DRAIN_MS = 1000;
