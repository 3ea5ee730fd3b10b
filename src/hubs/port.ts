import type { Digests, SluiceError } from '../base/index.js';
import type { Headers, ResponseHead } from '../net/index.js';
import type { Question } from './face.js';
import type { Ref } from './ref.js';
import type { ChunkVerdict, WrittenSum, XetTarget } from './xet/index.js';

/** One file as an origin's listing gives it. `path` has passed `assertSafePath`; `sizeBytes` is within `docs/LIMITS.md`. */
export interface ManifestFile {
  readonly path: string;
  /** Unknown for plain HTTP that does not tell. */
  readonly sizeBytes: number | undefined;
  readonly digests: Digests;
  /** Hugging Face only: the git object id in the tree (for an LFS file, that of its pointer). */
  readonly gitOid?: string;
  /** Hugging Face only: the Xet file id, 64 hex, when the listing has a valid one. */
  readonly xetHash?: string;
  /** ModelScope only: the commit that last changed the file. */
  readonly fileRevision?: string;
  /** Validators of plain HTTP, where nothing better identifies the content. */
  readonly validators?: { readonly etag?: string; readonly lastModified?: string };
  /** Plain HTTP: the absolute URL of this file. */
  readonly url?: string;
}

/** A ref pinned to what it means now: everything after this line of the program speaks of `commit`. */
export interface Pinned {
  readonly ref: Ref;
  /** The revision as asked for, or the origin's default (`main`, `master`). */
  readonly revision: string;
  /** A full commit id; for plain HTTP a digest of URLs and validators. */
  readonly commit: string;
  /** ModelScope only: when the revision was made, Unix seconds (its legacy cache records it). */
  readonly createdAtS?: number;
  /** Whether the hub says that everybody may read the repository; undefined where the pinning answer does not tell. */
  readonly isPublic?: boolean;
  /** The listing, when the request that pinned the ref brought it along. */
  readonly files?: readonly ManifestFile[];
}

export interface Manifest {
  readonly pinned: Pinned;
  /** Every file of the commit, sorted by path, paths unique (also when case is ignored). */
  readonly files: readonly ManifestFile[];
}

/** Bytes that do not come as they are, but are put together and written by whoever fetches them. */
export interface Spans {
  /** Shorter ones are not worth asking for. */
  readonly worthwhileBytes: number;
  /** Whether what it brings waits for this machine rather than for the wire: whoever costs less is asked then. */
  isBusy?(): boolean;
  /**
   * Writes bytes [startByte, endByte) of the file to `to` at their places; once this has settled nothing is written any more.
   * `received` tells of bytes on the wire, and a promise holds the next ones back; `advanced` tells up to where all of the span is written.
   * @throws SluiceError
   */
  fetch(
    span: { readonly startByte: number; readonly endByte: number },
    to: XetTarget,
    progress: SpanProgress,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Finds what of the file stands in other files that are here: from now on `fetch` takes it from there. Gives how many bytes; 0 without a request
   * where nothing is known of any. @throws SluiceError
   */
  look(signal: AbortSignal): Promise<number>;
  /** Holds what came, all together, against what names the file at this source. @throws SluiceError */
  judge(): Promise<ChunkVerdict>;
  /** The content is in the store under `sha256`: remembers what is where in it. `isProven`: as `judge` said. @throws SluiceError */
  keep(sha256: string, isProven: boolean): Promise<void>;
}

export interface SpanProgress {
  received(wireBytes: number): void | Promise<void>;
  advanced(endByte: number): void;
  /** Where `to` asks for sums: of what is written, before `advanced` counts it. Whoever cannot tell says nothing. */
  written?(sums: readonly WrittenSum[]): void;
  /** These bytes were taken from a file that is here. */
  copied(startByte: number, endByte: number): void;
}

/**
 * Anyone who can give bytes of a file. The engine asks `url` with `headers`, follows redirects by hand, remembers where
 * they led until the target expires, and lets `failure` put words to refusals.
 */
export interface Source {
  /** Names the source to people and in records, e.g. `huggingface.co`; the same for all files of an endpoint. */
  readonly id: string;
  /** May change as `redirected` teaches the origin a shorter way. */
  readonly url: string;
  readonly headers?: Headers;
  readonly credentials?: Headers;
  /**
   * The error that a non-2xx answer means. `body` is the first 4 KiB of it. Called with the answer of the hub itself or of a host that it redirected to
   * (`head.url` tells): there 401, 403 and 410 mean EXPIRED.
   */
  failure(head: ResponseHead, body: string): SluiceError;
  /** Told where a request for this file was redirected to. */
  redirected?(target: string): void;
  /** Set where bytes come by these alone: `url` is never asked then, and says only whose they are. */
  readonly spans?: Spans;
  /** Where it is known to redirect to for this file, by an answer to the same credentials of a moment ago. */
  readonly foundAt?: string;
  /** Asked for bytes only while nobody else can be. */
  readonly isReserve?: boolean;
}

/**
 * One endpoint of one protocol, as a place to pull from. Contract (the shared suite in `testing/origin-suite.ts` holds every
 * implementation to it): `pin` costs one request; `list` one per page and none per file; both retry what may pass by itself
 * and throw SluiceErrors otherwise; nothing is cached; `source` does no I/O.
 */
export interface Origin {
  /** `hf`, `ms` or `https`. */
  readonly kind: Ref['origin'];
  /** The host (with port) people know it by. */
  readonly id: string;
  readonly endpoint: string;
  pin(ref: Ref, signal: AbortSignal): Promise<Pinned>;
  list(pinned: Pinned, signal: AbortSignal): Promise<Manifest>;
  source(pinned: Pinned, file: ManifestFile): Source;
  /** Another way to the same bytes of the same endpoint, where it has one for this file; a reserve where it would not be faster. */
  xetSource?(pinned: Pinned, file: ManifestFile): Source | undefined;
  /** Asks, with requests of its own, what `Pinned.isPublic` could not tell; an origin without it never can. */
  isPublic?(ref: Ref, signal: AbortSignal): Promise<boolean>;
  /** What the endpoint tells of a repository at a commit besides its files (`info`), of its branches and tags (`refs`), or of its history (`commits`). */
  describe?(pinned: Pinned, what: 'info' | 'refs' | 'commits', signal: AbortSignal): Promise<unknown>;
  /** An answer that is about no repository, and the query of its next page. */
  ask?(question: Question, signal: AbortSignal): Promise<{ readonly value: unknown; readonly nextQuery?: string }>;
}
