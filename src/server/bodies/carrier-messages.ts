import type { KnownPiece } from '../../proof/index.js';

/** What a carrier is asked to send, along with the socket to send it on. */
export interface CarrierTask {
  readonly id: number;
  /** The head of the answer, as it goes on the wire. */
  readonly head: string;
  readonly path: string;
  readonly startByte: number;
  readonly endByte: number;
  /** Pieces to be compared before bytes of them go out. */
  readonly due: readonly KnownPiece[];
  /** Whether the connection goes on: it comes back with the report. */
  readonly keepAlive: boolean;
  /** Without a byte taken for so long, the client is gone. */
  readonly stalledMs: number;
}

/** How it went; the connection comes along if it goes on. */
export interface CarrierReport {
  readonly id: number;
  readonly bytes: number;
  /** So many of `due` were right, from the first on. */
  readonly rightPieces: number;
  /** Whether the next one was wrong. */
  readonly isWrong: boolean;
  /** Why it was cut. */
  readonly reason?: string;
}
