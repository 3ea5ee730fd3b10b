import type { RouteKind, SimHost } from './answer.js';
import type { ContentLike } from './content.js';
import type { XorbDamage } from './xet/spoil-xorb.js';

/** What goes wrong with an answer. Offsets called `atByte` count from the file's start, `afterBytes` from the answer's. */
export type Fault =
  /** Flips bits of one byte of the file, whatever range it is fetched by. */
  | { readonly type: 'corrupt'; readonly atByte: number; readonly xor?: number }
  /** Damages the record of one chunk of a xorb, whatever range it is fetched by. */
  | { readonly type: 'xorb-chunk'; readonly chunk: number; readonly damage: XorbDamage }
  /** Sends nothing more after so many bytes (before the head when negative), for ever or for a while. */
  | { readonly type: 'stall'; readonly afterBytes: number; readonly forMs?: number }
  /** An answer that comes to this byte of the file (or xorb) says no more; those that begin behind it pass. */
  | { readonly type: 'withhold'; readonly atByte: number }
  /** A TCP reset after so many bytes; before the head when negative. */
  | { readonly type: 'reset'; readonly afterBytes: number }
  /** Closes cleanly after so many bytes, short of what was promised. */
  | { readonly type: 'end-early'; readonly afterBytes: number }
  /** Promises more or fewer bytes than it sends. */
  | { readonly type: 'content-length'; readonly delta: number }
  /** Claims that the bytes lie elsewhere, or that the file has another size. The value `undefined` leaves the header out. */
  | { readonly type: 'content-range'; readonly value: string | undefined }
  /** Answers 200 with everything. */
  | { readonly type: 'ignore-range' }
  /** Answers a range with a narrower one, of so many bytes. */
  | { readonly type: 'short-range'; readonly bytes: number }
  | {
      readonly type: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Lets so many requests pass in each window, the rest get 429 in one of the dialects that servers use. */
  | {
      readonly type: 'rate-limit';
      readonly requests: number;
      readonly windowMs: number;
      readonly tell: 'seconds' | 'date' | 'ratelimit' | 'nothing';
    }
  /** Lets so many requests be answered at the same time, the rest get 429. An answer lasts until its last byte is out. */
  | { readonly type: 'concurrency-limit'; readonly requests: number; readonly retryAfterSeconds?: number }
  /** Caps the rate of the matching answers. */
  | { readonly type: 'slow'; readonly bytesPerSecond: number }
  /** Extra time before the head. */
  | { readonly type: 'delay'; readonly ms: number }
  /** The file is another one from now on: other bytes under another ETag. */
  | { readonly type: 'changed'; readonly content: ContentLike; readonly etag: string }
  /** `self` loops, `trap` leads to the second host, anything else is a Location. */
  | { readonly type: 'redirect'; readonly to: string; readonly status?: number }
  /** Changes a JSON answer before it is sent, e.g. to put hostile entries into a listing. */
  | { readonly type: 'edit-json'; readonly edit: (value: unknown) => unknown }
  /** Replaces the body, e.g. by garbage or by a login page with status 200. */
  | { readonly type: 'body'; readonly content: ContentLike; readonly contentType: string; readonly status?: number }
  /** Changes headers; undefined removes one. */
  | { readonly type: 'headers'; readonly headers: Readonly<Record<string, string | undefined>> }
  /** `chunked`: no length but framed; `close`: no length at all, the end of the connection is the end of the body. */
  | { readonly type: 'no-length'; readonly style: 'chunked' | 'close' }
  /** Compresses although nobody asked. */
  | { readonly type: 'gzip' };

export interface FaultMatch {
  readonly kind?: RouteKind | readonly RouteKind[];
  readonly method?: string;
  /** Tried on the decoded path of the URL, and on the file's path in its repository. */
  readonly path?: RegExp;
  readonly host?: SimHost;
  /** Only requests that show no token, or only those that do. */
  readonly isAnonymous?: boolean;
  /** Only ranges that include this byte of the file; a request without Range includes all. */
  readonly coversByte?: number;
  /** Lets the first so many matching requests pass. */
  readonly skip?: number;
  /** Then hits every nth. */
  readonly every?: number;
  /** Hits at most so many times. */
  readonly times?: number;
  /** Hits this share of the requests, by the simulator's seed. */
  readonly share?: number;
}

export interface FaultRule {
  readonly on?: FaultMatch;
  readonly fault: Fault;
}

/** A rule in force. */
export interface ActiveFault {
  readonly rule: FaultRule;
  /** Requests that matched, and among them those that were hit. */
  readonly seen: number;
  readonly hits: number;
  remove(): void;
}
