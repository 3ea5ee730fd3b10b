import type { BodySink, Headers, ResponseHead, Sending } from './port.js';

/** One request of a chain of redirects; which of them may carry credentials was decided before. */
export interface Leg {
  readonly url: URL;
  /** Everything that is sent but `host` and `connection`. */
  readonly headers: Headers;
  /** As `GetRequest.isAlone`. */
  readonly isAlone?: boolean;
  /** As `GetRequest.send`. */
  readonly send?: Sending;
  readonly signal: AbortSignal;
  readonly sink: BodySink;
  /** Called for each request that goes on the wire. */
  readonly onWire: () => void;
}

/** The head of a redirect (the sink has seen nothing of it), or undefined when the answer went to the sink. */
export type LegEnd = ResponseHead | undefined;

/** Whether a document of a hub is asked for: it is small, and held in memory as a whole. */
export function isForDocument({ headers }: Leg): boolean {
  return headers.accept !== undefined && headers.accept !== '*/*';
}
