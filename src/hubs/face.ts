import type { Headers } from '../net/index.js';
import type { KnownPiece } from '../proof/index.js';
import type { ManifestFile, Pinned } from './port.js';
import type { RepositoryKind, RepositoryRef } from './ref.js';
import type { Route } from './routes.js';

/**
 * How an answer came to be, as `X-Cache-Status` tells it: `HIT` from what is here, `MISS` asked for now, `REVALIDATED` asked and found unchanged, `STALE` from what is
 * here although it should have been asked for again, `FILLING` while somebody else's request brings it, `PARTIAL` from what is here of a file that is not here whole,
 * `BYPASS` without the cache.
 */
export type CacheStatus = 'HIT' | 'MISS' | 'REVALIDATED' | 'STALE' | 'FILLING' | 'PARTIAL' | 'BYPASS';

/** Who asks: what the client showed us, meant for the hub that it believes to talk to. */
export interface Caller {
  /** A bearer token, or the password of basic authentication. */
  readonly token?: string;
}

/** A repository at a commit, as far as the mirror knows it. */
export interface Snapshot {
  readonly pinned: Pinned;
  /** Sorted by path. */
  readonly files: readonly ManifestFile[];
  readonly status: CacheStatus;
  /** Why a stale one is given. */
  readonly warning?: string;
}

/** What a hub tells of a repository besides its files: JSON as it came, to be cleaned by the face. */
export interface Description {
  readonly value: unknown;
  /** The query of the page that follows, when there is one. */
  readonly nextQuery?: string;
  readonly status: CacheStatus;
  readonly warning?: string;
}

/** Bytes [startByte, endByte). */
export interface Span {
  readonly startByte: number;
  readonly endByte: number;
}

/** What was proven may have become different on its disk since: what was not compared with its digests lately is, before it goes out. */
export interface Guard {
  /** Pieces that a span touches and that are to be compared before bytes of them are sent, in order. @throws SluiceError CORRUPT_STORE where the file is found to be wrong already */
  due(span: Span): Promise<readonly KnownPiece[]>;
  /** Told of each that was compared. Resolves when a wrong one has taken its file out of use. @throws SluiceError when it cannot be */
  judged(piece: KnownPiece, isRight: boolean): Promise<void> | void;
}

/** The bytes of a file, here or on their way. */
export interface Content {
  readonly sizeBytes: number;
  readonly status: CacheStatus;
  /** The same of a part of it, where that may differ. */
  readonly statusOf?: (span: Span) => CacheStatus;
  /** Where all of it is, proven; undefined while it is being filled. */
  readonly path?: string;
  /** Who knows what of the file at `path` has to be looked at before it is sent; `read` asks it itself. */
  readonly guard?: Guard;
  /** All of it, proven, where it is in memory. */
  readonly bytes?: Buffer;
  /**
   * When bytes of it that somebody may have read already last turned out wrong, as milliseconds since 1970; it may change while the rest is read. Whoever began before that must begin anew: what is read
   * from then on does not go together with what was read before.
   */
  readonly wrongAtMs?: number | undefined;
  /** SHA-256 of all of it, where all of it is here. */
  readonly sha256?: string;
  /** Names the transfer that it is read from while it comes; undefined while there is none. Another transfer may bring other bytes, until they are proven. */
  readonly run?: number | undefined;
  /** From now on a read fails rather than give bytes that may be others than those that this transfer had brought at that time: what was found of them is not true of others. */
  readonly keepTo?: (seen: Pick<Content, 'run' | 'wrongAtMs'>) => void;
  /**
   * The bytes of a span in order, as they come. What is read to the end was proven, unless it was a part of a file that is not here whole: one that ended before the file's end,
   * or of a file of which only parts are fetched (docs/decisions/0015-ranges-on-demand.md).
   * @throws SluiceError as soon as it is known that the rest cannot be had, or that something read before was wrong
   */
  read(span: Span, signal: AbortSignal): AsyncIterable<Buffer>;
}

/** What a hub is asked besides its repositories: who the caller is, or which repositories fit a query. */
export type Question =
  { readonly what: 'caller' } | { readonly what: 'search'; readonly kind: RepositoryKind; readonly query: string };

/** What a face may ask for. Throws SluiceErrors: those of exit code 3 and 4 are definitive, those of 7 mean that nobody could tell. */
export interface Catalogue {
  /** This caller will ask for the content of a file as soon as there is a snapshot. Never throws. */
  expect?(ref: RepositoryRef, path: string, caller: Caller): void;
  snapshot(ref: RepositoryRef, caller: Caller, signal: AbortSignal): Promise<Snapshot>;
  /** The hub's own words about a repository (`info`) at a commit, its branches and tags (`refs`), or its history (`commits`). */
  describe(
    ref: RepositoryRef,
    what: 'info' | 'refs' | 'commits',
    caller: Caller,
    signal: AbortSignal,
  ): Promise<Description>;
  /** A question to a hub itself, with nobody's credentials but the caller's. */
  ask(origin: RepositoryRef['origin'], question: Question, caller: Caller, signal: AbortSignal): Promise<Description>;
  /** Throws unless the hub lets this very caller have files of the repository; `content` asks the same. */
  admit(snapshot: Snapshot, caller: Caller): Promise<void>;
  /** Begins no transfer before it is read. */
  content(snapshot: Snapshot, file: ManifestFile, caller: Caller): Promise<Content>;
}

export interface FaceRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** As it came, still percent-encoded, beginning with `/`, without the prefix that the server stands under. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** Scheme, host and prefix by which the client reached us, without trailing slash: what URLs in answers begin with. */
  readonly publicUrl: string;
  readonly caller: Caller;
  /** Whose token or password of this server the client showed; undefined for everybody else. */
  readonly who?: string | undefined;
  readonly signal: AbortSignal;
  /** @throws SluiceError BAD_REQUEST when it is longer */
  body(limitBytes: number): Promise<Buffer>;
}

/** An answer. One of status 200 with an `etag` answers to the conditions of the request (RFC 9110 §13), so that faces need not. One with `content` gets its length, its ranges (RFC 9110 §14) and its body from it; a body is left out of answers to HEAD. */
export interface FaceReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Headers;
  readonly body?: string | Buffer;
  readonly content?: Content;
}

/** One protocol, as a server. */
export interface Face {
  /** For metrics and logs. */
  readonly name: string;
  /** All that it answers with more than a refusal, or refuses by name. */
  readonly routes: readonly Route[];
  /** Paths that anybody may ask even where the server wants to know its callers: they tell nothing, or check an authority of their own (signed URLs). */
  readonly isOpen?: (path: string) => boolean;
  /** Undefined when the path is none of this protocol's. */
  answer(request: FaceRequest): Promise<FaceReply> | undefined;
}
