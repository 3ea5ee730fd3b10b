import type { Digests, EventSink, SluiceError, Timetable } from '../base/index.js';
import type { Source, Span } from '../hubs/index.js';
import type { HostGate, Transport } from '../net/index.js';
import type { PieceHashes } from '../proof/index.js';
import type { ForeignPartial, Hands, Store } from '../store/index.js';
import type { TransferThreads } from './threads.js';

/** What is wanted of a file at the moment. */
export interface Wanted {
  /** All of it, sooner or later; otherwise only what is in `spans`. */
  readonly isAll: boolean;
  /** From where somebody reads to where that ends, those who wait first. */
  readonly spans: readonly Span[];
}

/** What a partial's pieces must be, for whoever reads of them. */
export interface LandedPieces {
  /** CRC-32 or SHA-256 in hex of what arrived; undefined for pieces that have not landed. */
  digestOf(index: number): string | undefined;
  /** The disk has something else: the piece is fetched anew. */
  distrust(index: number): void;
}

/** Whoever reads a file while it arrives. Small files, and those that come in one stream, come whole whatever it says. */
export interface Demand {
  wanted(): Wanted;
  /** Called once; `listener` is to be called whenever something else is wanted. */
  listen(listener: () => void): void;
  /** The partial is open, in pieces of this size, and so much of it is there. What was there before and is not among it is not there any more. */
  opened(pieceBytes: number, held: readonly Span[], pieces: LandedPieces): void;
  /** So much of a piece that is under way stands in the partial, as good as its source. Not told where pieces are proven one by one. */
  arrived(span: Span): void;
  /** What arrived of a piece, and did not land, is fetched anew: perhaps it was wrong. */
  withdrawn(span: Span): void;
  /** All of it stands in the partial and is what it must be; it is still to be made durable and given its name. */
  verified(): void;
}

/** One file to bring in. */
export interface TransferTask {
  /** Shown to people; unique within the transfer. */
  readonly path: string;
  readonly sizeBytes: number | undefined;
  /** What it must turn out to be. Empty only where the origin gives nothing. */
  readonly digests: Digests;
  readonly validators?: { readonly etag?: string; readonly lastModified?: string };
  /**
   * What its pieces must be, from somebody who is believed: each is proven as it lands, and that proves the file. Its digests are not computed then.
   */
  readonly pieces?: PieceHashes;
  /** Its digests are computed all the same: a list that contradicts them is refused (BAD_MANIFEST). */
  readonly wholeToo?: boolean;
  /** The file is fetched as it is asked for; all of it, at once, without this. */
  readonly demand?: Demand;
  /** In order of preference; at least one. */
  readonly sources: readonly Source[];
  /**
   * Further sources of the same content, each group whenever it is known: they join the file while it is fetched, and nothing waits for them
   * as long as one of `sources` may still give it. They count only where a digest identifies the content. None of them may stay open for ever.
   */
  readonly joining?: readonly Promise<readonly Source[]>[];
}

/** Where one piece came from: the material of `sluice explain`. */
export interface PieceRecord {
  readonly index: number;
  readonly startByte: number;
  readonly endByte: number;
  /** Source id; `local` for bytes adopted from another tool's partial. */
  readonly source: string;
  /** Landed at, Unix milliseconds. */
  readonly atMs: number;
  readonly ms: number;
  /** Requests it took beyond the first, and the last reason. */
  readonly retries: number;
  readonly reason?: string;
}

export interface TransferResult {
  readonly task: TransferTask;
  /** Set when the file is proven and in the store. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
  /** Digests that the content was checked against; empty when the origin gave none. */
  readonly checks: readonly string[];
  readonly fetchedBytes: number;
  /** Taken from other files that are here, instead of being fetched. */
  readonly copiedBytes?: number;
  readonly pieces: readonly PieceRecord[];
  readonly error?: SluiceError;
}

export interface TransferOptions {
  readonly store: Store;
  /** Threads for small files; the transfer's own unless given. */
  readonly hands?: Hands;
  /** Threads that were started ahead of need. */
  readonly ahead?: TransferThreads;
  readonly transport: Transport;
  /** Shared with everything else that asks the same hosts. */
  readonly gate?: HostGate;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
  /** Memory for bodies under way and for what waits to be hashed, and threads for moving and hashing; usual ones unless told. */
  readonly bufferBytes?: number;
  readonly threads?: number;
  /** Shared with every other transfer of this machine into the same store; none when absent. */
  readonly limit?: Timetable;
  /** Most connections at once, in all and per host; `auto` leaves it to the scheduler. Fewer are used where more bring nothing. */
  readonly connections: number | 'auto';
  /** The most that `auto` may come to; by memory, say. */
  readonly mostConnections?: number;
  /** Files whose download another tool began, looked at before the first byte is asked for. */
  readonly foreignPartials?: (task: TransferTask) => Promise<readonly ForeignPartial[]>;
  /** No request for a part of a file asks for more; as much as is worthwhile unless told. */
  readonly requestBytes?: number;
  /** Give up on a file that got no byte further for this long. */
  readonly noProgressMs: number;
  /** When the caller looked for all of it in the store and found nothing, by `performance.now()`: small files are not looked for again soon after. */
  readonly lookedAtMs?: number;
  /** Called as each file is proven, before its result is returned; landing runs beside the other transfers. */
  readonly onProven?: (task: TransferTask, sha256: string) => Promise<void>;
}

/** Moves and proves files; never throws for a single file (see `TransferResult.error`), only for interruption and faults of ours. */
export type Transfer = (tasks: readonly TransferTask[], options: TransferOptions) => Promise<readonly TransferResult[]>;

/** How one task of `Transfers` is dealt with. */
export interface AddOptions {
  /** Told of this file; what is of all files is told to the `emit` of the transfers. */
  readonly emit: EventSink;
  /** Ends this file with INTERRUPTED; what arrived is kept. */
  readonly signal?: AbortSignal;
}

/** A transfer that goes on: files come and go, and share connections, limits, memory and threads. */
export interface Transfers {
  /** Never rejects. Whoever adds a task sees to room on the disk. */
  add(task: TransferTask, options: AddOptions): Promise<TransferResult>;
  /** A file of this size will soon be asked for at this URL: threads and connections are got ready. */
  warm(url: string, sizeBytes: number): void;
  /** Ends what is under way with INTERRUPTED; resolves when all of it has let go. */
  close(): Promise<void>;
}
