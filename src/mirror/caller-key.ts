import { createHash } from 'node:crypto';
import type { Caller } from '../hubs/index.js';

/** Names a caller without keeping the token. */
export function callerKey({ token }: Caller): string {
  return token === undefined ? 'anonymous' : createHash('sha256').update(token).digest('hex');
}
