import { UPSTREAM_DEFAULTS, type UpstreamTable } from '../../base/index.js';
import type { PullSettings } from '../../pull/index.js';

/**
 * All upstreams: those that tables name, and for a hub of which they name none the endpoints of the settings, mirrors of each other that are
 * asked in turn.
 */
export function listUpstreams(
  settings: Pick<PullSettings, 'hfEndpoints' | 'hfToken' | 'hfTokenEndpoints' | 'msEndpoints' | 'msToken'>,
  tables: readonly UpstreamTable[],
): readonly UpstreamTable[] {
  const { hfEndpoints, hfToken, hfTokenEndpoints, msEndpoints, msToken } = settings;
  const isNamed = (hub: UpstreamTable['kind']): boolean => tables.some(({ kind }) => kind === hub);
  const plain = (
    kind: 'hf' | 'ms',
    urls: readonly string[],
    token: string | undefined,
    trusted: readonly string[],
  ): readonly UpstreamTable[] =>
    isNamed(kind)
      ? []
      : urls.map((url) => ({
          ...UPSTREAM_DEFAULTS,
          name: nameOf(url, urls),
          kind,
          url,
          token: trusted.includes(url) ? token : undefined,
          allow: [],
          deny: [],
          notFound: 'next',
          callerTokens: trusted.includes(url),
        }));
  return [
    ...tables,
    ...plain('hf', hfEndpoints, hfToken, hfTokenEndpoints),
    ...plain('ms', msEndpoints, msToken, msEndpoints),
  ];
}

/** The host, unless several stand there. */
function nameOf(url: string, urls: readonly string[]): string {
  const { host, pathname } = new URL(url);
  return urls.filter((other) => new URL(other).host === host).length > 1 ? host + pathname : host;
}
