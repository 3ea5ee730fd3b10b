import { SluiceError, toSluiceError, type ErrorCode, type ErrorDetails } from '../../base/index.js';

/** An error that can pass from thread to thread. */
export interface PlainFailure {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly retryAfterMs?: number;
  /** Message of what caused it. */
  readonly cause?: string;
}

export function plainFailure(thrown: unknown): PlainFailure {
  const { code, details, retryAfterMs, cause } = toSluiceError(thrown);
  return {
    code,
    details,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause instanceof Error ? { cause: cause.message } : {}),
  };
}

export function revivedFailure({ code, details, retryAfterMs, cause }: PlainFailure): SluiceError {
  return new SluiceError(code, details, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}
