import { engineBudget, readMachine, type EventSink } from '../base/index.js';
import { openDecoders, type DecodePool } from '../hubs/index.js';
import { createHostGate, createTransport, type HostGate, type Transport } from '../net/index.js';
import { openHands, type Hands, type Store } from '../store/index.js';
import type { PullContext } from './port.js';

export interface OpenWires {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly emit: EventSink;
  /** The threads that do the small work on this store; the same ones each time. */
  handsOf(store: Store): Hands;
  /** Undefined where nothing is to come in Xet's chunks. */
  readonly decoders: (() => Promise<DecodePool>) | undefined;
}

/** Opens the network, and hands for a store, for one piece of work and closes them whatever happens. */
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
  let hands: Hands | undefined;
  let pool: Promise<DecodePool> | undefined;
  const threads = (): number => Math.max(1, engineBudget(readMachine(), settings.memoryBytes).threads - 1);
  const decoders = settings.hfXet === 'off' ? undefined : () => (pool ??= openDecoders(threads()));
  const handsOf = (store: Store): Hands => (hands ??= openHands(store));
  try {
    return await work({ transport, gate: createHostGate(), emit, handsOf, decoders });
  } finally {
    await hands?.close();
    await (await pool)?.close();
    await transport.close();
  }
}
