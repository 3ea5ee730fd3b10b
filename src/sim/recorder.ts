import type { IncomingHttpHeaders } from 'node:http';
import type { RouteKind, SimHost } from './answer.js';

/** One request as the simulator saw it. */
export interface RequestRecord {
  readonly index: number;
  /** Since the simulator started. */
  readonly atMs: number;
  readonly host: SimHost;
  /** Counts connections from 1; requests with the same number came over the same one. */
  readonly connection: number;
  readonly method: string;
  /** As sent: path and query. */
  readonly url: string;
  readonly kind: RouteKind;
  readonly headers: IncomingHttpHeaders;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly status: number;
  /** File that was asked for, where one was. */
  readonly path: string | undefined;
  /** Body bytes written so far. */
  readonly bytes: number;
  /** The answer was sent to its end. */
  readonly complete: boolean;
}
