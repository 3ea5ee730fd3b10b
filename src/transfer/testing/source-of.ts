import { SluiceError } from '../../base/index.js';
import type { Source } from '../../hubs/index.js';
import { parseRetryAfter } from '../../net/index.js';
import type { Sim } from '../../sim/index.js';

/** A file of the simulator's repository `acme/model` (or of its plain folder `files`) as a source, with the plainest reading of refusals. */
export function sourceOf(sim: Sim, path: string, options: { id?: string; plain?: boolean } = {}): Source {
  const url = options.plain === true ? `${sim.url}/files/files/${path}` : `${sim.url}/acme/model/resolve/main/${path}`;
  const home = new URL(url).host;
  const id = options.id ?? home;
  return {
    id,
    url,
    credentials: { authorization: 'Bearer hf_test' },
    failure: ({ status, headers, url: answered }) => {
      const { host } = new URL(answered);
      const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now());
      const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
      if (host !== home && [401, 403, 410].includes(status)) return new SluiceError('EXPIRED', { host, status });
      if (status === 401) return new SluiceError('UNAUTHORIZED', { host });
      if (status === 403) return new SluiceError('FORBIDDEN', { host });
      if (status === 404) return new SluiceError('FILE_NOT_FOUND', { host, path });
      if (status === 416) return new SluiceError('RANGE_REFUSED', { host, path });
      if (status === 429) return new SluiceError('RATE_LIMITED', { host }, wait);
      if (status >= 500) return new SluiceError('SERVER_ERROR', { host, status }, wait);
      return new SluiceError('BAD_RESPONSE', { host, reason: `the status ${status}` });
    },
  };
}
