/** One source in virtual time. Rates are bytes per second; what is absent is unlimited or does not happen. */
export interface VirtualProfile {
  readonly roundTripMs: number;
  readonly totalRate?: number;
  readonly connectionRate?: number;
  /** This share of the connections is slow for as long as they last. */
  readonly slowShare?: number;
  readonly slowRate?: number;
  /** Beyond so many requests at once all of them together get only this share of the total. */
  readonly collapse?: { readonly beyond: number; readonly share: number };
  /** Refuses requests with 429: beyond so many at once, or in each window. */
  readonly refuseBeyond?: number;
  readonly refuseWindow?: { readonly requests: number; readonly windowMs: number };
  /** Refuses every nth request with 503. */
  readonly failEvery?: number;
  /** What refusals ask for. */
  readonly retryAfterMs?: number;
  /** Sends nothing more, to nobody, once it has sent so much. */
  readonly stallAfterBytes?: number;
  /** Cuts everything and refuses connections once it has sent so much. */
  readonly dieAfterBytes?: number;
  /** This share of the answers is reset somewhere within. */
  readonly resetShare?: number;
  /** Rates vary by this share from moment to moment. */
  readonly jitter?: number;
  /** Once so much was sent, the round trip becomes this, and this share of the answers is reset. */
  readonly late?: { readonly afterBytes: number; readonly roundTripMs?: number; readonly resetShare?: number };
}

export interface VirtualScenario {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sources: readonly VirtualProfile[];
  /** Of the line that all sources share. */
  readonly lineRate?: number;
  /** The time that nobody can beat. */
  readonly idealMs: number;
  readonly mostConnections?: number;
  /** Bytes per second that are hashed of what arrived in order. */
  readonly hashRate?: number;
}
