import type { Origin } from '../hubs/index.js';
import type { Transport } from '../net/index.js';
import type { TransferTask } from '../transfer/index.js';

type Warmer = Pick<Transport, 'warm'>;

/** Enough for the first requests; the engine dials more when it knows what for. */
const PREFERRED_CONNECTIONS = 4;
const OTHER_CONNECTIONS = 2;

/** Before anything else: whoever is asked first what a ref means is dialled while the store is being opened. */
export function warmHub(transport: Warmer, [first]: readonly Origin[]): void {
  if (first !== undefined) transport.warm?.(first.endpoint, 1);
}

/** While a new commit is being listed: whoever may give its files is dialled, so that names, connections and TLS are done by then. */
export function warmOrigins(transport: Warmer, origins: readonly Origin[], connections: number): void {
  for (const [index, { endpoint }] of origins.entries())
    transport.warm?.(endpoint, Math.min(index === 0 ? PREFERRED_CONNECTIONS : OTHER_CONNECTIONS, connections));
}

/** Just before files are asked for: the sources of the first ones, as far as they are different hosts; one connection a file will do at first. */
export function warmSources(transport: Warmer, tasks: readonly TransferTask[], connections: number): void {
  const [first] = tasks;
  for (const [index, { url }] of (first?.sources ?? []).entries()) {
    const most = index === 0 ? PREFERRED_CONNECTIONS : OTHER_CONNECTIONS;
    transport.warm?.(url, Math.min(most, tasks.length, connections));
  }
}

/** Connections that may be dialled ahead, as far as the setting goes. */
export function mostOf(connections: number | 'auto'): number {
  return connections === 'auto' ? Infinity : connections;
}
