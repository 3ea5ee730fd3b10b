import type { SluiceError } from '../../../base/index.js';
import type { FaceReply } from '../../face.js';
import { hostlessWords } from '../../hostless.js';

/** An error as clients of registries read it (OCI distribution 1.1, "Error codes"). */
export function errorReply(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): FaceReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify({ errors: [{ code, message, detail: {} }] }),
  };
}

const RETRY_S = '5';

/** Only what a registry said definitively is a 401, 403 or 404. */
export function replyFor(error: SluiceError, unknown: 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN' | 'NAME_UNKNOWN'): FaceReply {
  const { retryAfterMs } = error;
  const message = hostlessWords(error);
  if (error.exitCode === 3) return errorReply(404, unknown, message);
  // A client would ask for another token of ours; it is the mirror that may not.
  if (error.exitCode === 4 || error.exitCode === 6 || error.code === 'BAD_SIGNATURE')
    return errorReply(403, 'DENIED', message);
  const seconds = retryAfterMs === undefined ? RETRY_S : String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
  const later = { 'retry-after': seconds };
  if (error.code === 'RATE_LIMITED') return errorReply(429, 'TOOMANYREQUESTS', message, later);
  if (error.exitCode === 5) return errorReply(502, 'UNKNOWN', message);
  return error.exitCode === 7 ? errorReply(503, 'UNAVAILABLE', message, later) : errorReply(500, 'UNKNOWN', message);
}
