import type { FaceReply } from '../hubs/index.js';
import type { Headers } from '../net/index.js';
import { METHODS } from './refusal.js';

/** Names of headers, as a browser lists those that a script wants to send. */
const NAMES = /^[\w-]{1,64}(?:[ \t]*,[ \t]*[\w-]{1,64}){0,31}$/;
const KEPT_S = '86400';

/**
 * The answer to OPTIONS, the same for every path. Scripts of any origin may ask what anybody may: credentials go along only where a script itself sends them, since none
 * that a browser keeps are let through with `*`.
 */
export function methods({ 'access-control-request-headers': asked = '' }: Headers): FaceReply {
  return {
    status: 204,
    headers: {
      allow: METHODS,
      'access-control-allow-origin': '*',
      'access-control-allow-methods': METHODS,
      ...(NAMES.test(asked) ? { 'access-control-allow-headers': asked } : {}),
      'access-control-max-age': KEPT_S,
      vary: 'access-control-request-headers',
    },
  };
}
