import type { SluiceError } from '../../../base/index.js';
import type { FaceReply } from '../../face.js';

/** An error as clients of Hugging Face read it: in headers, since answers to HEAD have nothing else, and in JSON. */
export function errorReply(
  status: number,
  code: string | undefined,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): FaceReply {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(code === undefined ? {} : { 'x-error-code': code }),
      'x-error-message': headerText(message),
      ...headers,
    },
    body: JSON.stringify({ error: message }),
  };
}

const RETRY_S = 5;

/**
 * What an error of the catalogue is to a client. Only what an upstream said definitively is a 401, 403 or 404; where nobody could tell it is a 503 or 429 with
 * `Retry-After`, on which clients fall back to what they have.
 */
export function replyFor(error: SluiceError, withToken: boolean): FaceReply {
  const { code, message } = error;
  if (code === 'REPOSITORY_NOT_FOUND')
    return withToken
      ? errorReply(404, 'RepoNotFound', 'Repository not found')
      : errorReply(401, 'RepoNotFound', 'Invalid username or password.');
  if (code === 'REVISION_NOT_FOUND') return errorReply(404, 'RevisionNotFound', message);
  if (code === 'FILE_NOT_FOUND') return errorReply(404, 'EntryNotFound', 'Entry not found');
  if (code === 'GATED') return errorReply(withToken ? 403 : 401, 'GatedRepo', message);
  if (code === 'UNAUTHORIZED') return errorReply(401, undefined, 'Invalid credentials in Authorization header');
  if (code === 'FORBIDDEN') return errorReply(403, undefined, message);
  const later = { 'retry-after': seconds(error) };
  if (code === 'RATE_LIMITED') return errorReply(429, undefined, message, later);
  return error.exitCode === 7 ? errorReply(503, undefined, message, later) : errorReply(500, undefined, message);
}

function seconds({ retryAfterMs }: SluiceError): string {
  return String(retryAfterMs === undefined ? RETRY_S : Math.max(1, Math.ceil(retryAfterMs / 1000)));
}

/** Fit for a header: one line of ASCII. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 500);
}
