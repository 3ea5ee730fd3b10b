/** What a carrier is asked to send, along with the socket to send it on. */
export interface CarrierTask {
  readonly id: number;
  /** The head of the answer, as it goes on the wire. */
  readonly head: string;
  readonly path: string;
  readonly startByte: number;
  readonly endByte: number;
  /** Whether the connection goes on: it comes back with the report. */
  readonly keepAlive: boolean;
  /** Without a byte taken for so long, the client is gone. */
  readonly stalledMs: number;
}

/** How it went; the connection comes along if it goes on. */
export interface CarrierReport {
  readonly id: number;
  readonly bytes: number;
  /** Why it was cut. */
  readonly reason?: string;
}
