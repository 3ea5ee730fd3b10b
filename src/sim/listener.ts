import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface TlsFiles {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
}

export interface ListenerOptions {
  readonly address: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
}

/** One address on loopback that can go dead and come back. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #port: number;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#server = this.#make();
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://${this.#options.address}:${this.#port}`;
  }

  async open(): Promise<void> {
    if (this.#server.listening) return;
    this.#server = this.#make();
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#port, this.#options.address, resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection and refuses new ones. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#server.listening) this.#server.close(() => resolve());
      else resolve();
    });
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  #make(): Server {
    const { tls, onRequest } = this.#options;
    const server = tls === undefined ? createPlainServer(onRequest) : createTlsServer({ ...tls }, onRequest);
    server.keepAliveTimeout = 60_000;
    server.requestTimeout = 0;
    server.on('connection', (socket: Socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    return server;
  }
}

/** A TCP reset, or for an encrypted connection, whose socket cannot send one, an end without goodbye. */
export function cutConnection(socket: Socket | null): void {
  if (socket === null) return;
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
