import { SluiceError } from '../base/index.js';
import type { Proxy } from './parse-proxy.js';

/** A proxy did not do what it was asked for; `status` where it speaks HTTP. */
export function proxyRefusal(proxy: Proxy, reason: string, status?: number): SluiceError {
  return new SluiceError('PROXY', { host: proxy.host, reason, ...(status === undefined ? {} : { status }) });
}
