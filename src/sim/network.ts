/** What lies between the hub and its clients. Rates are bytes per second; what is absent is unlimited. */
export interface NetworkProfile {
  /** Before each answer. */
  readonly latencyMs?: number;
  readonly connectionBytesPerSecond?: number;
  readonly totalBytesPerSecond?: number;
  /** This share of the connections is slow for as long as they last. */
  readonly slowShare?: number;
  readonly slowBytesPerSecond?: number;
  /** This share of the answers with a body is reset somewhere within. */
  readonly resetShare?: number;
}

const MB = 1000 * 1000;

export const NETWORKS = {
  /** The machine's own speed. */
  clean: {},
  /** A good line at home: 100 Mbit/s. */
  home: { latencyMs: 15, totalBytesPerSecond: 12.5 * MB },
  /** Another continent: every connection is slow, many are not. */
  far: { latencyMs: 200, connectionBytesPerSecond: 2 * MB, totalBytesPerSecond: 50 * MB },
  /** A fast hub whose edges are a lottery. */
  lottery: { latencyMs: 20, connectionBytesPerSecond: 30 * MB, slowShare: 0.6, slowBytesPerSecond: 0.5 * MB },
  /** Hotel wireless: slow, and it breaks. */
  flaky: { latencyMs: 60, totalBytesPerSecond: 20 * MB, resetShare: 0.2, slowShare: 0.2, slowBytesPerSecond: 0.2 * MB },
} as const satisfies Readonly<Record<string, NetworkProfile>>;

export type NetworkName = keyof typeof NETWORKS;
