/** How often holders show that they live, and how long others believe it. */
export interface LeaseTiming {
  readonly heartbeatMs: number;
  /** Silence, by the file system's clock, after which a lease may be taken. */
  readonly staleMs: number;
  /** A waiter must have seen the silence itself for this long: after a suspend every lease looks old at first. */
  readonly confirmMs: number;
  readonly pollMs: number;
}

export const LEASE_TIMING: LeaseTiming = { heartbeatMs: 5000, staleMs: 30_000, confirmMs: 7000, pollMs: 250 };
