import type { OpenFile, WrittenSum } from '../port.js';
import type { Batch, Fault } from './batch.js';
import type { CopyOrder } from './copy-chunks.js';

/** What the owner tells a decoding worker; the memory of a batch is the worker's until it answers. `id` names the job. */
export type ToWorker =
  | {
      readonly type: 'batch';
      readonly id: number;
      readonly batch: Batch;
      /** Where the raw bytes are written; undefined: they come back. */
      readonly file: OpenFile | undefined;
    }
  | { readonly type: 'copy'; readonly id: number; readonly order: CopyOrder; readonly file: OpenFile | undefined }
  | { readonly type: 'fileId'; readonly id: number; readonly hashes: Uint8Array; readonly lengths: Uint32Array };

/** Raw bytes that come back: `positions` holds, for each part in turn, its position in the file and its length. */
export interface Parts {
  readonly bytes: Uint8Array;
  readonly positions: Float64Array;
}

/** What it answers: exactly one message per job. */
export type FromWorker =
  | {
      readonly type: 'batch';
      readonly id: number;
      readonly hashes: Uint8Array | undefined;
      readonly fault: Fault | undefined;
      readonly parts: Parts | undefined;
      readonly sums: readonly WrittenSum[];
    }
  | {
      readonly type: 'copy';
      readonly id: number;
      readonly fault: Fault | undefined;
      readonly parts: Parts | undefined;
      readonly sums: readonly WrittenSum[];
    }
  | { readonly type: 'fileId'; readonly id: number; readonly fileId: Uint8Array; readonly root: Uint8Array }
  | { readonly type: 'error'; readonly id: number; readonly error: PlainError };

/** An error without what a thread border strips anyway. */
export interface PlainError {
  readonly message: string;
  readonly code?: string;
  readonly syscall?: string;
}

export function plainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  return {
    message: thrown.message,
    ...(code === undefined ? {} : { code }),
    ...(syscall === undefined ? {} : { syscall }),
  };
}

export function revivedError(plain: PlainError): Error {
  return Object.assign(new Error(plain.message), plain);
}
