import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';

/** Holds back what a connection brings, until it is released. */
export class Valve {
  readonly #socket: Socket;
  #isHeld = false;

  /**
   * undici has `pause` for this, but a connection that closes behind a paused answer trips an assertion in it that ends the process, or
   * loses the rest of the body. So the socket itself says that there is nothing to read: its buffer fills up, and TCP does the rest.
   */
  constructor(socket: Socket) {
    this.#socket = socket;
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => (this.#isHeld ? null : read(size));
  }

  hold(): void {
    this.#isHeld = true;
  }

  close(): void {
    this.#socket.destroy();
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (!this.#socket.destroyed) this.#socket.emit('readable');
  }
}

/** Options of a request that wants the valve of the connection it is given to; there is none before that is open. */
export interface ValvedRequest extends Dispatcher.DispatchOptions {
  readonly takeValve?: (valve: () => Valve | undefined) => void;
}

/** One connection of undici. */
export class ValvedClient extends Client {
  readonly #current: { valve?: Valve };

  constructor(
    origin: string | URL,
    options: Client.Options,
    dial: (target: buildConnector.Options) => Promise<Socket>,
  ) {
    const current: { valve?: Valve } = {};
    super(origin, {
      ...options,
      connect: (target, callback) => {
        dial(target).then(
          (socket) => {
            current.valve = new Valve(socket);
            callback(null, socket);
          },
          (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
        );
      },
    });
    this.#current = current;
  }

  /** Closes its connection if nobody uses it. */
  dropIdle(): boolean {
    const { connected, size } = this.stats;
    if (!connected || size > 0) return false;
    this.#current.valve?.close();
    return true;
  }

  override dispatch(options: ValvedRequest, handler: Dispatcher.DispatchHandler): boolean {
    options.takeValve?.(() => this.#current.valve);
    return super.dispatch(options, handler);
  }
}
