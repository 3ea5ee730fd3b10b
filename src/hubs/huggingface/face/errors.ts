import type { SluiceError } from '../../../base/index.js';
import type { FaceReply } from '../../face.js';
import { hostlessWords } from '../../hostless.js';

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
 * What an error of the catalogue is to a client. Only what an upstream said definitively is a 401, 403 or 404; where nobody could tell it is a 503, 504 or 429 with
 * `Retry-After`, on which clients fall back to what they have.
 */
export function replyFor(error: SluiceError, withToken: boolean): FaceReply {
  const { code, exitCode } = error;
  const message = hostlessWords(error);
  if (code === 'REPOSITORY_NOT_FOUND')
    return withToken
      ? errorReply(404, 'RepoNotFound', 'Repository not found')
      : errorReply(401, 'RepoNotFound', 'Invalid username or password.');
  if (code === 'REVISION_NOT_FOUND') return errorReply(404, 'RevisionNotFound', message);
  if (code === 'FILE_NOT_FOUND') return errorReply(404, 'EntryNotFound', 'Entry not found');
  if (code === 'GATED') return errorReply(withToken ? 403 : 401, 'GatedRepo', message);
  // The very words: clients take any other 401 for a repository that is not there.
  if (code === 'UNAUTHORIZED') return errorReply(401, undefined, 'Invalid credentials in Authorization header');
  if (code === 'FORBIDDEN') return errorReply(403, undefined, disabled(error) ?? message);
  if (code === 'REFUSED' || code === 'BAD_SIGNATURE') return errorReply(403, 'Refused', message);
  if (code === 'USAGE') return errorReply(400, undefined, message);
  const later = seconds(error);
  const after = { 'retry-after': String(later) };
  if (code === 'RATE_LIMITED')
    return errorReply(429, undefined, message, { ...after, ratelimit: `"api";r=0;t=${later}` });
  if (exitCode === 7) return errorReply(code === 'STALLED' ? 504 : 503, undefined, message, after);
  return errorReply(exitCode === 5 ? 502 : 500, undefined, message);
}

/** Clients know a disabled repository by its exact words. */
function disabled({ details: { reason } }: SluiceError): string | undefined {
  return typeof reason === 'string' && reason.includes('Access to this resource is disabled.')
    ? 'Access to this resource is disabled.'
    : undefined;
}

function seconds({ retryAfterMs }: SluiceError): number {
  return retryAfterMs === undefined ? RETRY_S : Math.max(1, Math.ceil(retryAfterMs / 1000));
}

/** Fit for a header: one line of ASCII. */
export function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 500);
}
