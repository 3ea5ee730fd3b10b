import type { FaceReply } from '../hubs/index.js';
import type { ServerMetrics } from './metrics/server-metrics.js';
import type { Readiness } from './readiness.js';

/** Everything of ours stands under this; no protocol has such a path. */
const OWN = '/-/';
/** What is ours: a test asks each of them on behalf of everybody. */
export const OWN_ROUTES: readonly string[] = ['healthz', 'readyz', 'metrics'];

const text = (status: number, body: string): FaceReply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  body: `${body}\n`,
});

/** Whether it is one of those answered here. */
export function isOwnRoute(path: string): boolean {
  return path.startsWith(OWN) && OWN_ROUTES.includes(path.slice(OWN.length));
}

/** Whether anybody may ask it at any time: probes have no tokens, and learn nothing but yes or no. */
export function isProbe(path: string): boolean {
  return path === `${OWN}healthz` || path === `${OWN}readyz`;
}

/** Answers what is ours. */
export async function answerOwn(path: string, metrics: ServerMetrics, readiness: Readiness): Promise<FaceReply> {
  switch (path.slice(OWN.length)) {
    case 'healthz':
      return text(200, 'ok');
    case 'readyz': {
      const reason = await readiness.reason();
      return reason === undefined ? text(200, readiness.summary) : text(503, reason);
    }
    default:
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
        body: metrics.registry.text(),
      };
  }
}
