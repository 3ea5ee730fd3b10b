import { parseRateLimit, parseRetryAfter, type RateLimit, type ResponseHead } from '../../net/index.js';

/** What an answer says of how often it may be asked; a 429 that only says `Retry-After` leaves nothing until then. */
export function rateLimitOf({ status, headers }: ResponseHead, nowMs: number): RateLimit | undefined {
  const told = parseRateLimit(headers, nowMs);
  const waitMs = status === 429 ? parseRetryAfter(headers['retry-after'], nowMs) : undefined;
  if (waitMs === undefined) return told;
  return { remaining: 0, resetMs: Math.max(waitMs, told?.resetMs ?? 0) };
}
