import type { EventSink } from '../base/index.js';
import type { HostGate, Transport } from '../net/index.js';
import type { ChunkListFiles, DecodePool } from './xet/index.js';

/** What every origin is made of. */
export interface OriginOptions {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly emit: EventSink;
  /** How long small requests are tried again; 60 s unless told. */
  readonly patienceMs?: number;
  /** How long pauses may be that a hub asks for. */
  readonly maxPausesMs?: number;
  /** Threads for what comes in Xet's chunks; without them nothing does. */
  readonly decoders?: (() => Promise<DecodePool>) | undefined;
  /** What is known of chunks that are here; without it all are fetched. */
  readonly chunkLists?: ChunkListFiles | undefined;
}

/** What an origin at a hub is made of. */
export interface HubOptions extends OriginOptions {
  /** Base URL, maybe with a path prefix; empty or undefined means the public hub. */
  readonly endpoint?: string | undefined;
  readonly token?: string | undefined;
}
