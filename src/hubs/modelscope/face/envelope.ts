import { randomUUID } from 'node:crypto';
import type { SluiceError } from '../../../base/index.js';
import type { FaceReply, Snapshot } from '../../face.js';
import { hostlessWords } from '../../hostless.js';

/** `{"Code":200,"Success":true,…,"Data":…}`, the wrapping of every answer. */
export function answerOf(data: unknown, headers: Readonly<Record<string, string>> = {}): FaceReply {
  const body = { Code: 200, Success: true, Message: 'success', RequestId: randomUUID(), Data: data };
  return { status: 200, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) };
}

/** What tells of a snapshot's age. */
export function cacheHeaders({ status, warning }: Pick<Snapshot, 'status' | 'warning'>): Record<string, string> {
  if (warning === undefined) return { 'x-cache-status': status };
  const text = warning.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300);
  return { 'x-cache-status': status, warning: `110 - "${text.replace(/["\\]/g, "'")}"` };
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const ABSENT = 10_010_205_001;
const UNAUTHORIZED = 10_010_205_401;
const FORBIDDEN = 10_010_300_403;
const RETRY_MS = 5000;

/** Nothing of this name, in the words that clients know. */
export function absent(message: string): FaceReply {
  return failure(404, ABSENT, message);
}

/**
 * An error of the catalogue to a client. Only what an upstream said definitively is a 401, 403 or 404; where nobody could tell it is a 429 or
 * 503 with `Retry-After`.
 */
export function failureOf(error: SluiceError, withToken: boolean): FaceReply {
  const { code, exitCode } = error;
  const message = hostlessWords(error);
  if (exitCode === 3) return absent(message);
  if (code === 'UNAUTHORIZED') return failure(401, UNAUTHORIZED, message);
  if (exitCode === 6 || code === 'BAD_SIGNATURE') return failure(403, FORBIDDEN, message);
  if (exitCode === 4) return failure(withToken ? 403 : 401, withToken ? FORBIDDEN : UNAUTHORIZED, message);
  const seconds = String(Math.max(1, Math.ceil((error.retryAfterMs ?? RETRY_MS) / 1000)));
  const later = { 'retry-after': seconds };
  if (code === 'RATE_LIMITED') return failure(429, 429, message, later);
  if (exitCode === 7) return failure(503, 503, message, later);
  return exitCode === 5 ? failure(502, 502, message) : failure(500, 500, message);
}

function failure(
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): FaceReply {
  // The newer API has the same in lower case.
  const upper = { Code: code, Success: false, Message: message, RequestId: randomUUID(), Data: {} };
  const body = { ...upper, code, success: false, message };
  return { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) };
}
