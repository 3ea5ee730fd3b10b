import { SluiceError } from '../base/index.js';
import type { Transport } from '../net/index.js';

/** A transport that asks nobody while the switch says so. */
export function whileOnline(transport: Transport, isOffline: () => boolean): Transport {
  return {
    get: (request, sink) => (isOffline() ? Promise.reject(new SluiceError('OFFLINE')) : transport.get(request, sink)),
    get requestCount() {
      return transport.requestCount;
    },
    // Threads would make one of their own that knows nothing of the switch.
    get blueprint() {
      return isOffline() ? undefined : transport.blueprint;
    },
    countElsewhere: (requests) => transport.countElsewhere?.(requests),
    warm: (url, connections) => {
      if (!isOffline()) transport.warm?.(url, connections);
    },
    close: () => transport.close(),
  };
}
