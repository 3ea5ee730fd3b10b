/** What lies between the hub and its clients. Rates are bytes per second; what is absent is unlimited. */
export interface NetworkProfile {
  /** The server thinks for so long before each answer. */
  readonly latencyMs?: number;
  /**
   * A round trip: before each answer, once more on a new connection, and the clock by which a connection's rate grows from
   * ten segments (slow start). The TCP handshake itself takes no time: clients that take it for a measure see loopback.
   */
  readonly rttMs?: number;
  /** Chance of each segment to be lost; what that does to a connection's rate, and its stalls. Needs `rttMs`. */
  readonly lossShare?: number;
  readonly connectionBytesPerSecond?: number;
  readonly totalBytesPerSecond?: number;
  /** This share of the connections is slow for as long as they last. */
  readonly slowShare?: number;
  readonly slowBytesPerSecond?: number;
  /** With more bodies than this under way, what all get together falls: twice as many, an eighth. Needs one of the rates. */
  readonly collapseBeyond?: number;
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
  /** A hub that gives each connection little and all together much. */
  capped: { latencyMs: 30, connectionBytesPerSecond: 5 * MB, totalBytesPerSecond: 100 * MB },
  /** 500 Mbit/s, a tenth of a second away, and one packet in a hundred is lost: one connection gets 0.2 MB/s of it. */
  lossy: { rttMs: 100, lossShare: 0.01, totalBytesPerSecond: 62.5 * MB },
  /** A fast hub whose edges are a lottery. */
  lottery: { latencyMs: 20, connectionBytesPerSecond: 30 * MB, slowShare: 0.6, slowBytesPerSecond: 0.5 * MB },
  /** One address, many edges behind it, most of them tired. */
  edges: {
    latencyMs: 20,
    connectionBytesPerSecond: 10 * MB,
    totalBytesPerSecond: 100 * MB,
    slowShare: 0.7,
    slowBytesPerSecond: 0.3 * MB,
  },
  /** A small server that thrashes when many ask at once. */
  collapsing: { latencyMs: 10, connectionBytesPerSecond: 12.5 * MB, totalBytesPerSecond: 100 * MB, collapseBeyond: 8 },
  /** Hotel wireless: slow, and it breaks. */
  flaky: { latencyMs: 60, totalBytesPerSecond: 20 * MB, resetShare: 0.2, slowShare: 0.2, slowBytesPerSecond: 0.2 * MB },
} as const satisfies Readonly<Record<string, NetworkProfile>>;

export type NetworkName = keyof typeof NETWORKS;
