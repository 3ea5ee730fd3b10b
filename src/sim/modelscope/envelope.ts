import { randomUUID } from 'node:crypto';
import { jsonAnswer, type Answer, type RouteKind } from '../answer.js';

/** The wrapping of every ModelScope answer. */
export function msAnswer(kind: RouteKind, data: unknown): Answer {
  return jsonAnswer(kind, { Code: 200, Data: data, Message: 'success', RequestId: requestId(), Success: true });
}

export function msError(kind: RouteKind, status: number, code: number, message: string): Answer {
  return jsonAnswer(kind, { Code: code, Data: {}, Message: message, RequestId: requestId(), Success: false }, status);
}

export function msNotFound(kind: RouteKind, what: string): Answer {
  return msError(kind, 404, 10_010_205_001, `${what} does not exist or you have no access to it`);
}

export function msForbidden(kind: RouteKind): Answer {
  return msError(kind, 403, 10_010_300_403, 'You have no permission to access this repository, please log in or apply');
}

function requestId(): string {
  return randomUUID();
}
