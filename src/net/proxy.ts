import { parseNoProxy } from './no-proxy.js';
import { parseProxy, type Proxy } from './parse-proxy.js';

/** The proxy for a URL, or undefined when it is reached directly. */
export type ProxyChoice = (url: URL) => Proxy | undefined;

export interface ProxyOptions {
  readonly proxy?: string | undefined;
  readonly httpProxy?: string | false;
  readonly noProxy?: string | undefined;
}

/** @throws SluiceError BAD_SETTING when a proxy cannot be understood */
export function chooseProxy({ proxy, httpProxy = proxy ?? false, noProxy }: ProxyOptions): ProxyChoice {
  const forHttps = proxy?.trim() ? parseProxy(proxy.trim()) : undefined;
  const forHttp = httpProxy !== false && httpProxy.trim() ? parseProxy(httpProxy.trim()) : undefined;
  const isExempt = parseNoProxy(noProxy);
  return (url) => (isExempt(url) ? undefined : url.protocol === 'http:' ? forHttp : forHttps);
}
