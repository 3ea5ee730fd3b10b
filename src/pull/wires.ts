import { engineBudget, readMachine, type EngineBudget, type EventSink } from '../base/index.js';
import { openDecoders, type DecodePool } from '../hubs/index.js';
import { createHostGate, createTransport, namedHosts, type HostGate, type Transport } from '../net/index.js';
import { openHands, type Hands, type Store } from '../store/index.js';
import type { TransferThreads } from '../transfer/index.js';
import type { PullContext } from './port.js';

export interface OpenWires {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly emit: EventSink;
  /** The threads that do the small work on this store; the same ones each time. */
  handsOf(store: Store): Hands;
  /** What memory and processors allow here. */
  budget(): EngineBudget;
  /** Threads that come up while the hub is asked; undefined where there are none. */
  readonly ahead: TransferThreads | undefined;
  /** Undefined where nothing is to come in Xet's chunks. */
  readonly decoders: (() => Promise<DecodePool>) | undefined;
}

/** Opens the network, and hands for a store, for one piece of work and closes them whatever happens, threads that were made for it as well. */
export async function withWires<T>(
  { settings, emit }: PullContext,
  work: (wires: OpenWires) => Promise<T>,
  ahead?: TransferThreads,
): Promise<T> {
  const transport = createTransport({
    proxy: settings.proxy,
    httpProxy: settings.httpProxy ?? false,
    noProxy: settings.noProxy,
    caFiles: settings.caFiles,
    namedHosts: namedHosts([...settings.hfEndpoints, ...settings.msEndpoints]),
  });
  let hands: Hands | undefined;
  let pool: Promise<DecodePool> | undefined;
  let known: EngineBudget | undefined;
  const budget = (): EngineBudget => (known ??= engineBudget(readMachine(), settings.memoryBytes));
  const decoders =
    settings.hfXet === 'off' ? undefined : () => (pool ??= openDecoders(Math.max(1, budget().threads - 1)));
  const handsOf = (store: Store): Hands => (hands ??= openHands(store));
  try {
    return await work({ transport, gate: createHostGate(), emit, handsOf, budget, ahead, decoders });
  } finally {
    await hands?.close();
    await (await pool)?.close();
    await Promise.all([transport.close(), ahead?.close()]);
  }
}
