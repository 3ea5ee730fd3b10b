import { SluiceError } from '../../base/index.js';
import { KEEP_ALIVE_MS } from '../timing.js';
import type { Connection } from './connection.js';

interface Waiter {
  /** Only a connection that nothing came by yet will do. */
  readonly isAlone: boolean;
  readonly give: (connection: Connection) => void;
  readonly refuse: (error: unknown) => void;
}

interface Idle {
  readonly connection: Connection;
  readonly timer: NodeJS.Timeout;
}

/** A connection that brought less than this share of what the best idle one did has led to a bad edge. */
const SLOW_SHARE = 0.5;

/** The connections to one origin: as many as are asked for at once, up to a limit, and kept for a while afterwards. */
export class ConnectionPool {
  readonly #open: (onGone: (connection: Connection) => void) => Promise<Connection>;
  readonly #maxConnections: number;
  readonly #all = new Set<Connection>();
  /** The one used last is at the end, and used first, unless it is a slow one. */
  readonly #idle: Idle[] = [];
  readonly #waiters: Waiter[] = [];
  /** Connections that an answer came by. */
  readonly #worn = new WeakSet<Connection>();
  #dialling = 0;
  #isClosed = false;

  constructor(open: (onGone: (connection: Connection) => void) => Promise<Connection>, maxConnections: number) {
    this.#open = open;
    this.#maxConnections = maxConnections;
  }

  /**
   * A connection that nobody else uses: one that is kept, one that becomes free, or a new one, whichever is first. `isAlone`: a new one.
   * @throws SluiceError INTERRUPTED, and what opening a connection throws
   */
  acquire(signal: AbortSignal, isAlone = false): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (signal.aborted || this.#isClosed) {
        reject(new SluiceError('INTERRUPTED'));
        return;
      }
      const kept = isAlone ? undefined : this.#takeIdle();
      if (kept !== undefined) {
        resolve(kept);
        return;
      }
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new SluiceError('INTERRUPTED'));
      };
      const waiter: Waiter = {
        isAlone,
        give: (connection) => {
          signal.removeEventListener('abort', onAbort);
          resolve(connection);
        },
        refuse: (error) => {
          signal.removeEventListener('abort', onAbort);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
      if (isAlone && this.#isFull) this.dropIdle();
      this.#dialForWaiters();
    });
  }

  /** Takes back what `acquire` gave. One that is over, or brought more than was asked, is not kept. */
  release(connection: Connection, keepAliveMs: number): void {
    if (!this.#all.has(connection)) return;
    connection.wasKept = true;
    this.#worn.add(connection);
    if (connection.isUsable && keepAliveMs > 0 && !this.#isClosed) this.#place(connection, keepAliveMs);
    else connection.destroy();
  }

  /** Opens connections ahead of need until `count` are idle or on their way. Failures show when one is asked for. */
  warm(count: number): void {
    for (let have = this.#idle.length + this.#dialling; have < count; have += 1) this.#dial();
  }

  /** Closes the connection that lay longest without use; false when there is none. */
  dropIdle(): boolean {
    const longest = this.#idle[0];
    longest?.connection.destroy();
    return longest !== undefined;
  }

  /** Closes connections without use, those first that lay longest, until no more than `most` are there or on their way. */
  trim(most: number): void {
    while (this.#all.size + this.#dialling > most && this.dropIdle());
  }

  close(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.refuse(new SluiceError('INTERRUPTED'));
    for (const connection of [...this.#all]) connection.destroy(new SluiceError('INTERRUPTED'));
  }

  #takeIdle(): Connection | undefined {
    const best = Math.max(...this.#idle.map(({ connection }) => connection.pace ?? 0));
    const at = this.#idle.findLastIndex(({ connection }) => (connection.pace ?? best) >= best * SLOW_SHARE);
    const [idle] = this.#idle.splice(at, 1);
    clearTimeout(idle?.timer);
    return idle?.connection;
  }

  #place(connection: Connection, keepAliveMs: number): void {
    const isWorn = this.#worn.has(connection);
    const at = this.#waiters.findIndex(({ isAlone }) => !isAlone || !isWorn);
    if (at >= 0) {
      this.#waiters.splice(at, 1)[0]?.give(connection);
      return;
    }
    // Whoever waits has no use for it, and it takes the place of one that would do.
    if (this.#waiters.length > 0) {
      connection.destroy();
      return;
    }
    connection.wasKept = true;
    connection.leave();
    const timer = setTimeout(() => connection.destroy(), keepAliveMs).unref();
    this.#idle.push({ connection, timer });
  }

  #dialForWaiters(): void {
    while (this.#dialling < this.#waiters.length && this.#dial());
  }

  #dial(): boolean {
    if (this.#isClosed || this.#isFull) return false;
    this.#dialling += 1;
    this.#open((connection) => this.#forget(connection)).then(
      (connection) => {
        this.#dialling -= 1;
        this.#all.add(connection);
        if (connection.isUsable && !this.#isClosed) this.#place(connection, KEEP_ALIVE_MS);
        else connection.destroy();
      },
      (error: unknown) => {
        this.#dialling -= 1;
        this.#waiters.shift()?.refuse(error);
        this.#dialForWaiters();
      },
    );
    return true;
  }

  get #isFull(): boolean {
    return this.#all.size + this.#dialling >= this.#maxConnections;
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#idle.findIndex((idle) => idle.connection === connection);
    if (at >= 0) clearTimeout(this.#idle.splice(at, 1)[0]?.timer);
    this.#dialForWaiters();
  }
}
