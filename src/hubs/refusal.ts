import { SluiceError, printable } from '../base/index.js';
import { parseJson, parseRateLimit, parseRetryAfter, type ResponseHead } from '../net/index.js';
import { asObject, asString, field } from './fields.js';
import { MAX_SERVER_TEXT } from './limits.js';

/** What was asked for, to put a refusal into words. */
export interface Asked {
  /** Scheme, host and port of the endpoint. */
  readonly origin: string;
  readonly repository?: string;
  readonly revision?: string;
  readonly path?: string;
  readonly withToken: boolean;
}

/** The error of an answer from a host that the hub redirected to, undefined when the hub itself answered. */
export function awayRefusal(head: ResponseHead, body: string, asked: Asked): SluiceError | undefined {
  const { origin, host } = new URL(head.url);
  if (origin === asked.origin) return undefined;
  const isGone = [401, 403, 410].includes(head.status) || (head.status === 400 && /expire/i.test(body));
  if (isGone) return new SluiceError('EXPIRED', { host, status: head.status });
  return statusRefusal(head, body, asked);
}

/** The error that the status alone means. */
export function statusRefusal(head: ResponseHead, body: string, asked: Asked): SluiceError {
  const { host } = new URL(head.url);
  const { status } = head;
  const reason = serverText(head, body);
  const why = reason === '' ? {} : { reason };
  const path = asked.path === undefined ? {} : { path: printable(asked.path) };
  const later = pauseOf(head);
  if (status === 429) return rateLimited(host, later);
  if (status === 408 || status === 425 || status >= 500)
    return new SluiceError('SERVER_ERROR', { host, status, ...why }, later);
  if (status === 401)
    return new SluiceError('UNAUTHORIZED', { host, ...(asked.withToken ? why : { reason: noToken(reason) }) });
  if (status === 403 || status === 451) return new SluiceError('FORBIDDEN', { host, ...path, ...why });
  if (status === 404 || status === 410) return notFound(host, asked);
  if (status === 416)
    return new SluiceError('RANGE_REFUSED', { host, path: printable(asked.path ?? head.url), ...why });
  return new SluiceError('BAD_RESPONSE', {
    host,
    reason: reason === '' ? `the status ${status}` : `${status}: ${reason}`,
  });
}

/** What the server says, fit for a terminal and short: `X-Error-Message`, or the message of its JSON, or short plain text. */
export function serverText(head: ResponseHead, body: string): string {
  const text = head.headers['x-error-message'] ?? messageOf(body) ?? plainText(head, body) ?? '';
  const line = text.replace(/\s+/g, ' ').trim();
  return printable(line.length > MAX_SERVER_TEXT ? `${line.slice(0, MAX_SERVER_TEXT)}…` : line);
}

function messageOf(body: string): string | undefined {
  const outcome = parseJson(Buffer.from(body));
  const object = 'value' in outcome ? asObject(outcome.value) : undefined;
  return ['error', 'message', 'Message'].map((name) => asString(field(object, name))).find((text) => text);
}

function plainText(head: ResponseHead, body: string): string | undefined {
  return (head.headers['content-type'] ?? '').startsWith('text/plain') && body.length <= 500 ? body : undefined;
}

function noToken(reason: string): string {
  return reason === '' ? 'no token was given' : `no token was given (${reason})`;
}

function notFound(host: string, asked: Asked): SluiceError {
  if (asked.path !== undefined) return new SluiceError('FILE_NOT_FOUND', { host, path: printable(asked.path) });
  return new SluiceError('REPOSITORY_NOT_FOUND', { host, repository: asked.repository ?? '' });
}

function rateLimited(host: string, later: { readonly retryAfterMs?: number }): SluiceError {
  const seconds = later.retryAfterMs === undefined ? {} : { seconds: Math.ceil(later.retryAfterMs / 1000) };
  return new SluiceError('RATE_LIMITED', { host, ...seconds }, later);
}

function pauseOf(head: ResponseHead): { readonly retryAfterMs?: number } {
  const now = Date.now();
  const limit = parseRateLimit(head.headers, now);
  const reset = limit?.remaining === 0 ? limit.resetMs : undefined;
  const ms = parseRetryAfter(head.headers['retry-after'], now) ?? reset;
  return ms === undefined ? {} : { retryAfterMs: ms };
}
