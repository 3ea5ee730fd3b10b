import { randomUUID } from 'node:crypto';
import type { Headers } from '../../net/index.js';

/** What a request is called in logs and answers: what the client called it (`X-Request-Id`, or what huggingface_hub sends), if that can be a name. */
export function requestId(headers: Headers): string {
  const named = headers['x-request-id'] ?? headers['x-amzn-trace-id'];
  return named !== undefined && /^[\w.:=;-]{1,128}$/.test(named) ? named : randomUUID();
}
