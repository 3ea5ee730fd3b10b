import type { ResponseHead, TransportOptions } from '../../net/index.js';
import type { PieceAlgorithm, SlabMemory } from '../../proof/index.js';
import type { Asked } from '../request/check-answer.js';
import type { WireEnd, WireRequest } from '../request/perform.js';
import type { PlainFailure } from './plain-failure.js';

/**
 * How a run goes about its pieces. `range`: asks for exactly its pieces, which it owns. `whole`: asks for the whole file and takes the free pieces as they
 * pass, for sources that know no ranges.
 */
export type RunMode = 'range' | 'whole';

/** One request and the pieces that it is to bring, as plain values. */
export interface CarryOrder {
  readonly wire: WireRequest;
  readonly asked: Asked;
  readonly mode: RunMode;
  /** The partial's data; it is there, at its full length. */
  readonly dataPath: string;
  readonly pieceBytes: number;
  readonly first: number;
  /** Of the first piece these bytes stand in the partial already. */
  readonly filledBytes: number;
  /** Whether the first piece is wanted, in mode `whole`. */
  readonly isFirstWanted: boolean;
  readonly slot: SharedArrayBuffer;
  /** Of those who write to the file. */
  readonly turn: SharedArrayBuffer;
  /** What its pieces are to be known by. */
  readonly algorithm: PieceAlgorithm;
  /** Where to leave pieces in memory for whoever hashes the file in order. */
  readonly residents: SharedArrayBuffer | undefined;
  /** What comes of the first piece is written at once, and told of, since somebody may wait for it; of the others what comes slowly. */
  readonly isShown: boolean;
}

/** What there is of a piece that was left half done. */
export interface LeftPart {
  readonly index: number;
  readonly filledBytes: number;
  /** CRC-32 or SHA-256 of these bytes. */
  readonly digest: string;
}

export interface CarryEnd {
  readonly outcome: { readonly end: WireEnd } | { readonly failure: PlainFailure };
  readonly left: LeftPart | undefined;
  /** The source gave the whole file although a part was asked for. */
  readonly ignoredRange: boolean;
  /** Requests put on the wire, redirects included. */
  readonly requests: number;
  /** Of what it brought, bytes that stood in other files here. */
  readonly copiedBytes?: number;
}

/** Whether the next piece is wanted of a whole-file answer. */
export type Grant = 'take' | 'skip' | 'stop';

export type ToCarrier =
  | { readonly type: 'carry'; readonly id: number; readonly order: CarryOrder }
  /** Ends it; `kill`: without another write, and without keeping what came of its piece. */
  | { readonly type: 'stop'; readonly id: number; readonly kill: boolean }
  | { readonly type: 'warm'; readonly url: string; readonly connections: number }
  /** Closes connections there that are not in use, until no more than `most` are left. */
  | { readonly type: 'trim'; readonly url: string; readonly most: number }
  | { readonly type: 'grant'; readonly id: number; readonly grant: Grant };

/** Of one run in the order of what happened; `ended` is the last. */
export type FromCarrier =
  | { readonly type: 'redirect'; readonly id: number; readonly target: string; readonly head: ResponseHead }
  | { readonly type: 'head'; readonly id: number; readonly head: ResponseHead }
  | {
      readonly type: 'landed';
      readonly id: number;
      readonly index: number;
      readonly digest: string;
      readonly isLast: boolean;
    }
  | { readonly type: 'reached'; readonly id: number; readonly index: number }
  /** Of a piece that is not whole everything before this byte is with the kernel. */
  | { readonly type: 'written'; readonly id: number; readonly index: number; readonly endByte: number }
  | { readonly type: 'ended'; readonly id: number; readonly end: CarryEnd };

/** What a carrier in another thread starts with. */
export interface CarrierSetup {
  readonly transport: TransportOptions;
  readonly slabs: SlabMemory;
  /** Of the bucket that limits all threads together. */
  readonly limit: SharedArrayBuffer;
}
