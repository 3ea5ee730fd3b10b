import type { Transport } from '../../net/index.js';

interface Use {
  active: number;
  /** Left for the next request. */
  kept: number;
}

/** The connections of one thread by host, as those who give it work see them. */
export class HostConnections {
  readonly #hosts = new Map<string, Use>();

  /** A request goes there, by a connection that is kept or by another one. */
  enter(host: string): void {
    const use = this.#hosts.get(host) ?? { active: 0, kept: 0 };
    this.#hosts.set(host, { active: use.active + 1, kept: Math.max(0, use.kept - 1) });
  }

  /** It is over; `isKept`: its connection can be used again. */
  leave(host: string, isKept: boolean): void {
    const use = this.#hosts.get(host) ?? { active: 0, kept: 0 };
    this.#hosts.set(host, { active: Math.max(0, use.active - 1), kept: use.kept + (isKept ? 1 : 0) });
  }

  /** Gives up so many of those that are kept, as far as there are; returns how many it leaves, those in use included. */
  giveUp(host: string, count: number): number {
    const use = this.#hosts.get(host);
    if (use === undefined) return 0;
    use.kept = Math.max(0, use.kept - count);
    return use.active + use.kept;
  }

  activeTo(host: string): number {
    return this.#hosts.get(host)?.active ?? 0;
  }

  keptTo(host: string): number {
    return this.#hosts.get(host)?.kept ?? 0;
  }

  countTo(host: string): number {
    const { active, kept } = this.#hosts.get(host) ?? { active: 0, kept: 0 };
    return active + kept;
  }
}

/** One of several threads that do the same. */
export interface Connected {
  readonly connections: HostConnections;
  post(message: { readonly type: 'trim'; readonly url: string; readonly most: number }): void;
}

/**
 * Has all threads together keep to the most connections that a host may get: no thread can take over what another one has dialled, so connections that
 * are kept for later are closed where a request in another thread would be one too many with them. It hears of what is carried only: what the first thread
 * asks for besides (the beginning of a file, a small one, what is compared) may be a connection more for as long as it lasts, or until another is closed.
 */
export class ConnectionRoom {
  readonly #transport: Pick<Transport, 'trim'>;
  readonly #mostPerHost: number;
  readonly #threads = new Set<Connected>();

  /** `transport`: of the first thread, which also asks for other things; what it has in use stays. */
  constructor(transport: Pick<Transport, 'trim'>, mostPerHost: number) {
    this.#transport = transport;
    this.#mostPerHost = mostPerHost;
  }

  add(thread: Connected): void {
    this.#threads.add(thread);
  }

  remove(thread: Connected): void {
    this.#threads.delete(thread);
  }

  /** A thread is given a request to the host of `url`, counted already. */
  make(url: string, by: Connected): void {
    const excess = this.#giveUp(url, 0, by);
    this.#transport.trim?.(url, Math.max(0, -excess));
  }

  /** The first thread has so many requests to the host of `url` under way now. */
  makeHere(url: string, active: number): void {
    this.#giveUp(url, active);
  }

  /** How many connections are too many then; negative: how many more there may be. */
  #giveUp(url: string, active: number, by?: Connected): number {
    const { host } = new URL(url);
    const threads = [...this.#threads];
    let excess = threads.reduce((sum, { connections }) => sum + connections.countTo(host), active) - this.#mostPerHost;
    for (const thread of threads.filter((each) => each !== by)) {
      const { connections } = thread;
      const spare = Math.min(excess, connections.keptTo(host));
      if (spare <= 0) continue;
      excess -= spare;
      thread.post({ type: 'trim', url, most: connections.giveUp(host, spare) });
    }
    return excess;
  }
}
