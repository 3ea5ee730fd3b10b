import type { Digests, EventSink, SluiceError, Timetable } from '../base/index.js';
import type { Source } from '../hubs/index.js';
import type { HostGate, Transport } from '../net/index.js';
import type { PieceHashes } from '../proof/index.js';
import type { ForeignPartial, Hands, Store } from '../store/index.js';
import type { TransferThreads } from './threads.js';

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
  /** Give up on a file that got no byte further for this long. */
  readonly noProgressMs: number;
  /** When the caller looked for all of it in the store and found nothing, by `performance.now()`: small files are not looked for again soon after. */
  readonly lookedAtMs?: number;
  /** Called as each file is proven, before its result is returned; landing runs beside the other transfers. */
  readonly onProven?: (task: TransferTask, sha256: string) => Promise<void>;
}

/** Moves and proves files; never throws for a single file (see `TransferResult.error`), only for interruption and faults of ours. */
export type Transfer = (tasks: readonly TransferTask[], options: TransferOptions) => Promise<readonly TransferResult[]>;
