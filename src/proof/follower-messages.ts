import type { ByteRange, FollowRequest } from './follow-file.js';
import type { Verdict } from './proof.js';

/** What the owner tells a hashing worker. `id` names the job. */
export type ToWorker =
  | { readonly type: 'follow'; readonly id: number; readonly request: FollowRequest }
  | { readonly type: 'advance'; readonly id: number; readonly endByte: number }
  | { readonly type: 'ranges'; readonly id: number; readonly path: string; readonly ranges: readonly ByteRange[] }
  | { readonly type: 'cancel'; readonly id: number };

/** What it answers: exactly one message per `follow` or `ranges`. */
export type FromWorker =
  | { readonly type: 'verdict'; readonly id: number; readonly verdict: Verdict | undefined }
  | { readonly type: 'hashes'; readonly id: number; readonly hashes: readonly (string | undefined)[] }
  | { readonly type: 'error'; readonly id: number; readonly error: PlainError };

/** An error without what a thread border strips anyway. */
export interface PlainError {
  readonly message: string;
  readonly code?: string;
  readonly syscall?: string;
  readonly path?: string;
}

export function plainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const { code, syscall, path } = thrown as NodeJS.ErrnoException;
  return {
    message: thrown.message,
    ...(code === undefined ? {} : { code }),
    ...(syscall === undefined ? {} : { syscall }),
    ...(path === undefined ? {} : { path }),
  };
}

export function revivedError(plain: PlainError): Error {
  return Object.assign(new Error(plain.message), plain);
}
