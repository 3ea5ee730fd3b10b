import type { EventSink } from '../base/index.js';
import { createHostGate, createTransport, type HostGate, type Transport } from '../net/index.js';
import type { PullContext } from './port.js';

export interface OpenWires {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly emit: EventSink;
}

/** Opens the network for one piece of work and closes it whatever happens. */
export async function withWires<T>(
  { settings, emit }: PullContext,
  work: (wires: OpenWires) => Promise<T>,
): Promise<T> {
  const transport = createTransport({
    proxy: settings.proxy,
    httpProxy: settings.httpProxy ?? false,
    noProxy: settings.noProxy,
    caFiles: settings.caFiles,
  });
  try {
    return await work({ transport, gate: createHostGate(), emit });
  } finally {
    await transport.close();
  }
}
