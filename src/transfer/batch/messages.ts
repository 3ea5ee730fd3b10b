import type { Digests } from '../../base/index.js';
import type { ResponseHead, TransportOptions } from '../../net/index.js';
import type { PlainFailure } from '../carry/plain-failure.js';
import type { WireRequest } from '../request/perform.js';
import type { TransferResult } from '../port.js';

/** One file of a batch. */
export interface BatchFile {
  readonly path: string;
  readonly url: string;
  readonly sizeBytes: number;
  readonly digests: Digests;
}

/** Files that one connection is to bring, one after the other, as plain values. */
export interface BatchOrder extends Pick<WireRequest, 'headers' | 'credentials'> {
  /** Id of the source that is asked. */
  readonly source: string;
  readonly files: readonly BatchFile[];
  /** Of a `Slot`: how far it is. */
  readonly slot: SharedArrayBuffer;
  /** It is long since the store was looked into: each file is looked for before it is asked for. */
  readonly looksFirst: boolean;
}

/** What became of a file; `at` is its place in the order. Files that nothing was said of were not begun, or not ended. */
export type FileReport =
  /** It is a blob. */
  | {
      readonly kind: 'stored';
      readonly at: number;
      readonly sha256: string;
      readonly checks: TransferResult['checks'];
      /** From the request to the last byte. */
      readonly ms: number;
    }
  /** The store has it already, proven. */
  | { readonly kind: 'here'; readonly at: number; readonly sha256: string }
  /** Its bytes are not what was promised. */
  | { readonly kind: 'wrong'; readonly at: number; readonly mismatch: Mismatch }
  /** Anything that concerns this file alone and is not for a batch to deal with. */
  | { readonly kind: 'odd'; readonly at: number };

export interface Mismatch {
  readonly algorithm: string;
  readonly expected: string;
  readonly actual: string;
}

/** Why an order ended before its last file, unless its time was up or it was stopped. */
export interface BatchEnd {
  /** Of the file at this place. */
  readonly at?: number;
  /** The answer that says that the host will not give more now. */
  readonly refusal?: ResponseHead;
  readonly failure?: PlainFailure;
  /** Requests put on the wire, redirects included. */
  readonly requests: number;
}

export type ToCourier =
  | { readonly type: 'order'; readonly id: number; readonly order: BatchOrder }
  /** The request that is under way is given up, and no other is begun. */
  | { readonly type: 'stop'; readonly id: number }
  /** Closes connections there that are not in use, until no more than `most` are left. */
  | { readonly type: 'trim'; readonly url: string; readonly most: number }
  /** Makes the names of these blobs durable. */
  | { readonly type: 'sync'; readonly id: number; readonly sha256s: readonly string[] };

/** Of one order in the order of what happened; `ended` is the last. */
export type FromCourier =
  | { readonly type: 'file'; readonly id: number; readonly report: FileReport }
  | {
      readonly type: 'redirect';
      readonly id: number;
      readonly at: number;
      readonly target: string;
      readonly head: ResponseHead;
    }
  /** A host says how it wants to be asked. */
  | { readonly type: 'pause'; readonly id: number; readonly head: ResponseHead }
  | { readonly type: 'ended'; readonly id: number; readonly end: BatchEnd }
  | { readonly type: 'synced'; readonly id: number; readonly failure?: PlainFailure };

/** What a courier in another thread starts with. */
export interface CourierSetup {
  readonly transport: TransportOptions;
  /** Root of the store. */
  readonly store: string;
  /** Of the bucket that limits all threads together. */
  readonly limit: SharedArrayBuffer;
}
