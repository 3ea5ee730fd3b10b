import type { Socket } from 'node:net';

import type { Client, buildConnector } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';

import type { Dialler } from './dial.js';
import { Hop } from './hop.js';
import { MAX_HEADER_BYTES } from './limits.js';
import type { ProxyChoice } from './proxy.js';
import type { Leg, LegEnd } from './road.js';
import { KEEP_ALIVE_MS, type Patience } from './timing.js';
import { ValvedClient, type ValvedRequest } from './valved-client.js';

export interface UndiciRoadOptions extends Patience {
  readonly dialler: Dialler;
  readonly proxyFor: ProxyChoice;
  readonly maxConnectionsPerHost: number;
}

/** The road for everything: undici's parser, proxies, every framing of HTTP/1. */
export class UndiciRoad {
  readonly #agent: Agent;
  readonly #options: UndiciRoadOptions;
  /** Every client that was made for an origin; its pool keeps them as long as this road. */
  readonly #clients = new Map<string, ValvedClient[]>();

  constructor(options: UndiciRoadOptions) {
    this.#options = options;
    this.#agent = new Agent({
      factory: (origin, poolOptions: Pool.Options) =>
        new Pool(origin, {
          ...poolOptions,
          factory: (url, clientOptions: Client.Options) => this.#newClient(new URL(url).origin, clientOptions),
        }),
      connections: options.maxConnectionsPerHost,
      pipelining: 1,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Each hop watches its own silence, which undici's one-second timers cannot do while a sink holds it back.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
  }

  go(leg: Leg): Promise<LegEnd> {
    const { url, sink, signal, onWire } = leg;
    const { proxyFor, headTimeoutMs, idleMs } = this.#options;
    // Only plain http is sent to the proxy itself, and that only where it speaks HTTP; everything else is tunnelled.
    const chosen = url.protocol === 'http:' ? proxyFor(url) : undefined;
    const proxy = chosen?.kind === 'http' ? chosen : undefined;
    const proxyHost = proxy === undefined ? {} : { proxyHost: proxy.host };
    const hop = new Hop({ url, sink, signal, onWire, headTimeoutMs, idleMs, ...proxyHost });
    if (signal.aborted) return hop.outcome;
    const proxyAuth = proxy?.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization };
    const path = url.pathname + url.search;
    try {
      const options: ValvedRequest & { readonly origin: string } = {
        origin: url.origin,
        path: proxy === undefined ? path : url.origin + path,
        method: leg.send?.method ?? 'GET',
        ...(leg.send === undefined ? {} : { body: leg.send.body }),
        headers: { ...leg.headers, ...proxyAuth },
        // It ends with its answer; a kept one that is taken for the first such request is the last of its kind.
        reset: leg.isAlone === true,
        takeValve: (valve) => hop.takeValve(valve),
      };
      this.#agent.dispatch(options, hop);
    } catch (error) {
      hop.refuse(error);
    }
    return hop.outcome;
  }

  /** Closes a connection to the origin that nobody uses; false when there is none. */
  dropIdle(origin: string): boolean {
    return this.#clients.get(origin)?.some((client) => client.dropIdle()) ?? false;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  #newClient(origin: string, options: Client.Options): ValvedClient {
    const client = new ValvedClient(origin, options, this.#dial);
    this.#clients.set(origin, [...(this.#clients.get(origin) ?? []), client]);
    return client;
  }

  readonly #dial = (target: buildConnector.Options): Promise<Socket> => {
    const port = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : Number(target.port);
    return this.#options.dialler.dial({ protocol: target.protocol, hostname: target.hostname, port });
  };
}
