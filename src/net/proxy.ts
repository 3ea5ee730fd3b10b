import { SluiceError } from '../base/index.js';
import { parseNoProxy } from './no-proxy.js';

/** A proxy that requests go through. */
export interface Proxy {
  readonly secure: boolean;
  /** Without brackets, as a dialler wants it. */
  readonly hostname: string;
  readonly port: number;
  /** `host:port`, without credentials: for people. */
  readonly host: string;
  /** The value of `proxy-authorization`, when the proxy's URL has user info. */
  readonly authorization?: string;
}

/** The proxy for a URL, or undefined when it is reached directly. */
export type ProxyChoice = (url: URL) => Proxy | undefined;

export interface ProxyOptions {
  readonly proxy?: string | undefined;
  readonly httpProxy?: string | false;
  readonly noProxy?: string | undefined;
}

/** @throws SluiceError BAD_SETTING when a proxy is not an http or https URL (a bare `host:port` is http). */
export function chooseProxy({ proxy, httpProxy = proxy ?? false, noProxy }: ProxyOptions): ProxyChoice {
  const forHttps = proxy?.trim() ? parseProxy(proxy.trim()) : undefined;
  const forHttp = httpProxy !== false && httpProxy.trim() ? parseProxy(httpProxy.trim()) : undefined;
  const isExempt = parseNoProxy(noProxy);
  return (url) => (isExempt(url) ? undefined : url.protocol === 'http:' ? forHttp : forHttps);
}

function parseProxy(text: string): Proxy {
  const refuse = (reason: string): SluiceError => {
    // The user info must not be shown, even where `redact` cannot see a scheme before it.
    const shown = text.slice(text.lastIndexOf('@') + 1);
    return new SluiceError('BAD_SETTING', { key: 'proxy', value: shown, reason });
  };
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full)) throw refuse('not a URL');
  const url = new URL(full);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refuse(`${url.protocol.slice(0, -1)} proxies are not known here; use http:// or https://`);
  if (url.hostname === '') throw refuse('no host');
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const authorization = basicAuthorization(url, refuse);
  const base = { secure, hostname, port, host: `${url.hostname}:${port}` };
  return authorization === undefined ? base : { ...base, authorization };
}

function basicAuthorization(url: URL, refuse: (reason: string) => SluiceError): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch {
    throw refuse('its user name or password is not percent-encoded');
  }
}
