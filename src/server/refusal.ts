import type { FaceReply } from '../hubs/index.js';
import { RETRY_S } from './limits.js';

/** What there is a use for. */
export const METHODS = 'GET, HEAD, POST, OPTIONS';

/** Why a request goes to no face, or what its face gives does not come. The names stand in metrics and logs. */
export const REFUSALS = {
  draining: { status: 503, message: 'The server is being stopped', retry: true },
  connections: { status: 503, message: 'Too many connections', retry: true },
  'client-connections': { status: 429, message: 'Too many connections of your address', retry: true },
  requests: { status: 503, message: 'Too many requests under way', retry: true },
  'client-requests': { status: 429, message: 'Too many requests of your address under way', retry: true },
  'client-rate': { status: 429, message: 'Too many requests a minute of your address', retry: true },
  'wrong-credentials': { status: 429, message: 'Too many wrong tokens or passwords of your address', retry: true },
  busy: { status: 503, message: 'Too many passwords are being checked', retry: true },
  'no-bytes': { status: 503, message: 'The upstream sends nothing of this file now', retry: true },
  headers: { status: 431, message: 'Too many headers', retry: false },
  method: { status: 405, message: 'This method is none that is served', retry: false },
  target: { status: 400, message: 'This target makes no sense', retry: false },
  host: { status: 400, message: 'This host makes no sense', retry: false },
  body: { status: 413, message: 'The body is too long', retry: false },
  credentials: { status: 401, message: 'Invalid credentials in Authorization header', retry: false },
  absent: { status: 404, message: 'Nothing is here', retry: false },
} as const satisfies Record<string, { status: number; message: string; retry: boolean }>;

export type RefusalReason = keyof typeof REFUSALS;

/** A refusal in words that clients of each protocol find where they look: `X-Error-Message` and `error`, or `Code` and `Message`. */
export function refusal(reason: RefusalReason, retryAfterMs = RETRY_S * 1000): FaceReply {
  const { status, message, retry } = REFUSALS[reason];
  const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-error-message': message,
      ...(retry ? { 'retry-after': seconds } : {}),
      // Hugging Face's client sleeps by this one.
      ...(status === 429 ? { ratelimit: `"api";r=0;t=${seconds}` } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="sluice", charset="UTF-8"' } : {}),
      ...(status === 405 ? { allow: METHODS } : {}),
    },
    body: JSON.stringify({ error: message, Code: status, Message: message, Success: false }),
  };
}
