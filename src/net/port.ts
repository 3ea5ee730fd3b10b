import type { TransportOptions } from './transport-options.js';

/** Header names in lower case; repeated headers joined with ", ". */
export type Headers = Readonly<Record<string, string>>;

export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
  /** The URL that answered, after redirects. */
  readonly url: string;
}

export interface GetRequest {
  readonly url: string;
  /** Of whom the URL is known, where an answer named it: a public host's must not lead into a private network (REDIRECTS). */
  readonly givenBy?: string;
  readonly headers?: Headers;
  /**
   * Headers that are credentials (`authorization`, `cookie`, ...). They are sent only to the origin (scheme, host, port) of
   * `url` itself and are dropped for good at the first redirect that leaves it.
   */
  readonly credentials?: Headers;
  /** Asks for bytes [startByte, endByte) by a Range header; endByte undefined means to the end. */
  readonly range?: { readonly startByte: number; readonly endByte?: number };
  /** Sends this instead of asking. An answer that leads elsewhere is REDIRECTS then: nobody is sent what was meant for another. */
  readonly send?: Sending;
  /** On a connection that has carried nothing else, and will not: what a connection can stand is then what a request can. */
  readonly isAlone?: boolean;
  readonly signal: AbortSignal;
  /** Called for every request that is put on the wire, redirect hops included: connections are there by then. */
  readonly onWire?: () => void;
  /** Called for every redirect that is followed, with the absolute target. */
  readonly onRedirect?: (target: string, head: ResponseHead) => void;
}

/** A request that brings something. It may go out more than once: what it does must be the same then. */
export interface Sending {
  readonly method: 'POST' | 'PUT';
  readonly body: Buffer;
}

/** Where a response's body goes. */
export interface BodySink {
  /** Called once, for the answer that is not a redirect. Returning false refuses the body: the transport drops the connection, and `get` resolves. */
  onHead(head: ResponseHead): boolean;
  /**
   * Where the bytes that come next may land. A transport that can reads straight into it, as often as it likes, and then gives `onData` just the part
   * that it filled; so a sink knows its own memory again. What is not filled stays the transport's until it is, or until the end of `get`.
   */
  room?(): Buffer | undefined;
  /**
   * Called in order. The chunk belongs to the transport and may be reused once the call (or the promise it returns)
   * is over; a promise holds the next chunk back.
   */
  onData(chunk: Buffer): void | Promise<void>;
}

/**
 * The one port that bytes come through: one GET (or what `send` says), its redirects followed by hand, its body pushed into a sink.
 * Resolves when the body ended exactly where Content-Length (or the chunked framing) said; rejects with a SluiceError
 * (DNS, CONNECT, TLS, PROXY, RESET, STALLED, REDIRECTS, BAD_RESPONSE, INTERRUPTED when `signal` fires) otherwise.
 * An error that the sink throws ends the request and is passed on as it is. Once `get` is over, no call of the sink is under way.
 * It does not retry and does not judge statuses: the caller sees 4xx and 5xx in `onHead`. A body with neither Content-Length nor
 * chunked framing ends where the connection does: only the caller can know whether it is whole.
 */
export interface Transport {
  get(request: GetRequest, sink: BodySink): Promise<void>;
  /** Requests put on the wire so far, redirect hops included. */
  readonly requestCount: number;
  /** What another thread can make its like from; undefined where it cannot be made again. */
  readonly blueprint?: TransportOptions | undefined;
  /** Adds what its likes in other threads have put on the wire to `requestCount`. */
  countElsewhere?(requests: number): void;
  /**
   * Opens connections to the origin of `url` ahead of need, until that many are unused or on their way; does nothing where that is of
   * no use. Failures are told to whoever asks for something then.
   */
  warm?(url: string, connections: number): void;
  /** Closes connections to the origin of `url` that are not in use, until no more than `most` are there or none of them is left. */
  trim?(url: string, most: number): void;
  close(): Promise<void>;
}
