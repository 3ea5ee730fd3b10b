import type { TransportOptions } from '../net/index.js';
import type { PullContext } from '../pull/index.js';

/** The network as `pull` would use it. */
export function transportOptions(settings: PullContext['settings']): TransportOptions {
  return {
    proxy: settings.proxy,
    httpProxy: settings.httpProxy ?? false,
    noProxy: settings.noProxy,
    caFiles: settings.caFiles,
  };
}
