import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { toSluiceError } from '../../base/index.js';
import type { Headers } from '../../net/index.js';
import type { Carriers } from './carriers.js';

/** What of a request its answer depends on. */
export interface Asking {
  readonly method: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

/** Where an answer goes, and who may send it. */
export interface Outlet {
  readonly response: ServerResponse;
  /** Whether the connection goes on after it. */
  readonly keepAlive: boolean;
  /** Set where the connection may be handed over: nothing else is under way on it. */
  readonly carriers: Carriers | undefined;
  /** Told when a connection that was given to a carrier is free: back again, or undefined where it ended. */
  readonly returned: (given: Socket, back: Socket | undefined) => void;
  /** When its request came, by `performance.now()`. */
  readonly beganMs: number;
  /** Called when the head goes out. */
  readonly onHead: () => void;
}

export interface Sent {
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  /** Why it could not be finished; its connection was cut then. */
  readonly cut?: string;
  /** Its `X-Cache-Status`, where that is of the part that was sent. */
  readonly cache?: string;
}

/** Ends an answer that cannot be finished, so that nobody takes it for a whole one. */
export function cut(
  response: ServerResponse,
  status: number,
  bytes: number,
  thrown: unknown,
  signal: AbortSignal,
): Sent {
  response.socket?.resetAndDestroy();
  // Whatever else failed once the client was gone, failed because of that.
  return { status, bytes, cut: signal.aborted ? 'RESET' : toSluiceError(thrown).code };
}
