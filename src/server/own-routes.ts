import { ANY_METHOD, type FaceReply, type Route } from '../hubs/index.js';
import type { ServerMetrics } from './metrics/server-metrics.js';
import type { Readiness } from './readiness.js';

const text = (status: number, body: string): FaceReply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  body: `${body}\n`,
});

interface Own {
  readonly metrics: ServerMetrics;
  readonly readiness: Readiness;
}

interface OwnRoute extends Route {
  /** Whether anybody may ask it at any time: probes have no tokens, and learn nothing but yes or no. */
  readonly isProbe: boolean;
  readonly answer: (own: Own) => Promise<FaceReply> | FaceReply;
}

/** What is ours. No protocol has a path under `/-/`. */
export const OWN_ROUTES: readonly OwnRoute[] = [
  { path: '/-/healthz', methods: ANY_METHOD, isProbe: true, answer: () => text(200, 'ok') },
  {
    path: '/-/readyz',
    methods: ANY_METHOD,
    isProbe: true,
    answer: async ({ readiness }) => {
      const reason = await readiness.reason();
      return reason === undefined ? text(200, readiness.summary) : text(503, reason);
    },
  },
  {
    path: '/-/metrics',
    methods: ANY_METHOD,
    isProbe: false,
    answer: ({ metrics }) => ({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
      body: metrics.registry.text(),
    }),
  },
];
const BY_PATH: ReadonlyMap<string, OwnRoute> = new Map(OWN_ROUTES.map((route) => [route.path, route]));

export function findOwnRoute(path: string): OwnRoute | undefined {
  return BY_PATH.get(path);
}

export function isProbe(path: string): boolean {
  return findOwnRoute(path)?.isProbe === true;
}
