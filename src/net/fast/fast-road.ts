import { SluiceError } from '../../base/index.js';
import type { Dialler } from '../dial.js';
import type { LegEnd, Leg } from '../road.js';
import { KEEP_ALIVE_MS, type Patience } from '../timing.js';
import { BlockPool } from './block-pool.js';
import { ConnectionPool } from './connection-pool.js';
import { Connection } from './connection.js';
import { Exchange, type ExchangeEnd } from './exchange.js';
import { formatRequest } from './format-request.js';

export interface FastRoadOptions extends Patience {
  readonly dialler: Dialler;
  readonly maxConnectionsPerHost: number;
}

export type FastEnd =
  | { readonly kind: 'over'; readonly redirect: LegEnd }
  /** The same request is to be made on another road: the sink has seen nothing of the answer. `isLasting`: so will the next ones. */
  | { readonly kind: 'again'; readonly isLasting: boolean };

/** A kept connection may be closed by its server just when it is used again, and so may the next one. */
const MAX_STALE = 3;

/**
 * The road for bulk: sockets read straight into blocks of ours, and only plain answers are read (HTTP/1.1, one Content-Length, no
 * coding). It does not know proxies.
 */
export class FastRoad {
  readonly #options: FastRoadOptions;
  readonly #blocks = new BlockPool();
  readonly #pools = new Map<string, ConnectionPool>();
  #isClosed = false;

  constructor(options: FastRoadOptions) {
    this.#options = options;
  }

  /** @throws SluiceError as `Transport.get` */
  async go(leg: Leg): Promise<FastEnd> {
    if (this.#isClosed) throw new SluiceError('INTERRUPTED');
    const request = formatRequest(leg.url, leg.headers);
    if (request === undefined) return { kind: 'again', isLasting: false };
    const pool = this.#poolOf(leg.url);
    for (let tries = 0; tries < MAX_STALE; tries += 1) {
      const end = await this.#exchange(pool, leg, request);
      if (end.kind === 'done') return { kind: 'over', redirect: undefined };
      if (end.kind === 'redirect') return { kind: 'over', redirect: end.head };
      if (end.kind === 'odd') return { kind: 'again', isLasting: end.isLasting };
    }
    return { kind: 'again', isLasting: false };
  }

  /** Opens connections to the URL's origin ahead of need: name, TCP and TLS are done when they are asked for. */
  warm(url: URL, count: number): void {
    if (!this.#isClosed) this.#poolOf(url).warm(count);
  }

  /** Closes a connection to the origin that nobody uses; false when there is none. */
  dropIdle(origin: string): boolean {
    return this.#pools.get(origin)?.dropIdle() ?? false;
  }

  /** Closes those of them, until no more than `most` are there. */
  trim(origin: string, most: number): void {
    this.#pools.get(origin)?.trim(most);
  }

  close(): void {
    this.#isClosed = true;
    for (const pool of this.#pools.values()) pool.close();
  }

  async #exchange(pool: ConnectionPool, leg: Leg, request: string): Promise<ExchangeEnd> {
    const connection = await pool.acquire(leg.signal, leg.isAlone);
    if (leg.signal.aborted) {
      pool.release(connection, KEEP_ALIVE_MS);
      throw new SluiceError('INTERRUPTED');
    }
    const exchange = new Exchange(connection, leg, this.#options);
    let end: ExchangeEnd;
    try {
      exchange.start(request);
      end = await exchange.end;
    } finally {
      connection.leave();
    }
    pool.release(connection, 'keepAliveMs' in end && !leg.isAlone ? end.keepAliveMs : 0);
    return end;
  }

  #poolOf(url: URL): ConnectionPool {
    const known = this.#pools.get(url.origin);
    if (known !== undefined) return known;
    const target = { protocol: url.protocol, hostname: url.hostname.replace(/^\[|\]$/g, ''), port: portOf(url) };
    const { dialler, maxConnectionsPerHost } = this.#options;
    const pool = new ConnectionPool(
      (onGone) => Connection.open((onread) => dialler.dial(target, onread), this.#blocks, onGone),
      maxConnectionsPerHost,
    );
    this.#pools.set(url.origin, pool);
    return pool;
  }
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}
