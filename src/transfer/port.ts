import type { Digests, EventSink, SluiceError } from '../base/index.js';
import type { Source } from '../hubs/index.js';
import type { HostGate, Transport } from '../net/index.js';
import type { ForeignPartial, Store } from '../store/index.js';

/** One file to bring in. */
export interface TransferTask {
  /** Shown to people; unique within the transfer. */
  readonly path: string;
  readonly sizeBytes: number | undefined;
  /** What it must turn out to be. Empty only where the origin gives nothing. */
  readonly digests: Digests;
  readonly validators?: { readonly etag?: string; readonly lastModified?: string };
  /** In order of preference; at least one. */
  readonly sources: readonly Source[];
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
  readonly pieces: readonly PieceRecord[];
  readonly error?: SluiceError;
}

export interface TransferOptions {
  readonly store: Store;
  readonly transport: Transport;
  /** Shared with everything else that asks the same hosts. */
  readonly gate?: HostGate;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
  /** Most connections at once, in all and per host. */
  readonly connections: number;
  /** Bytes per second for this process; undefined means no limit. */
  readonly limitBytesPerSecond?: number;
  /** Files whose download another tool began, looked at before the first byte is asked for. */
  readonly foreignPartials?: (task: TransferTask) => Promise<readonly ForeignPartial[]>;
  /** Give up on a file that got no byte further for this long. */
  readonly noProgressMs: number;
  /** Called as each file is proven, before its result is returned; landing runs beside the other transfers. */
  readonly onProven?: (task: TransferTask, sha256: string) => Promise<void>;
}

/** Moves and proves files; never throws for a single file (see `TransferResult.error`), only for interruption and faults of ours. */
export type Transfer = (tasks: readonly TransferTask[], options: TransferOptions) => Promise<readonly TransferResult[]>;
