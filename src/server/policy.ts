/** What of the settings may change while the server runs. */
export interface ServerPolicy {
  readonly publicUrl: string | undefined;
  readonly trustedProxies: readonly string[];
  readonly connections: number;
  readonly clientConnections: number;
  readonly requests: number;
  readonly clientRequests: number;
  /** Requests a minute. */
  readonly clientRate: number | undefined;
}
