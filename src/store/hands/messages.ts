import { SluiceError, toSluiceError, type Digests, type ErrorCode, type ErrorDetails } from '../../base/index.js';
import type { Verdict } from '../../proof/index.js';
import type { LandOptions, ViewKind, ViewRequest, ViewResult } from '../views/port.js';
import type { Looked, Wanted } from '../blobs/look.js';

/** A job for a hand; `id` names it. */
export type Job =
  | { readonly type: 'put'; readonly id: number; readonly bytes: Uint8Array; readonly promised: Digests }
  | { readonly type: 'look'; readonly id: number; readonly wanted: readonly Wanted[] }
  /** Makes the names of what was put durable. */
  | { readonly type: 'sync'; readonly id: number }
  | {
      readonly type: 'land';
      readonly id: number;
      readonly kind: ViewKind;
      readonly root: string;
      readonly request: ViewRequest;
      readonly options: Omit<LandOptions, 'signal'>;
      /** Four bytes; not 0 once the landing is to end. */
      readonly stop: SharedArrayBuffer;
    };

/**
 * What a thread is sent. Memory that threads share goes there once and is named afterwards: each further mention of it would count as
 * memory of its own there, and have the collector run all the time.
 */
export interface Parcel {
  readonly memory: readonly (readonly [number, SharedArrayBuffer])[];
  readonly jobs: readonly SentJob[];
}

export type SentJob = Exclude<Job, { readonly type: 'put' }> | SentPut;

interface SentPut extends Omit<Extract<Job, { readonly type: 'put' }>, 'bytes'> {
  readonly bytes: Uint8Array | Place;
}

/** Bytes in shared memory. */
export interface Place {
  readonly memory: number;
  readonly startByte: number;
  readonly endByte: number;
}

/** A `put` is answered by its verdict and, when that is good, by `stored`; everything else by one answer. */
export type Answer =
  | { readonly type: 'verdict'; readonly id: number; readonly verdict: Verdict }
  | { readonly type: 'stored'; readonly id: number }
  | { readonly type: 'synced'; readonly id: number }
  | { readonly type: 'looked'; readonly id: number; readonly looked: readonly Looked[] }
  | { readonly type: 'landed'; readonly id: number; readonly landed: Landed }
  | { readonly type: 'failed'; readonly id: number; readonly error: PlainError };

/** What the caller needs to know of a landing. */
export type Landed = Pick<ViewResult, 'path' | 'methods'>;

/** A SluiceError without what a thread border strips. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
}

export function plainError(thrown: unknown): PlainError {
  const { code, details } = toSluiceError(thrown);
  return { code, details };
}

export function revivedError({ code, details }: PlainError): SluiceError {
  return new SluiceError(code, details);
}
