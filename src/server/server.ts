import { createServer, type Server as HttpServer, type ServerOptions as HttpOptions } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { toSluiceError } from '../base/index.js';
import { answer, type Answering } from './answer.js';
import * as limits from './limits.js';
import { limitKey, plainAddress } from './request/peers.js';

export interface ServerOptions extends Omit<Answering, 'isTls' | 'returned'> {
  /** Address to listen at, e.g. `127.0.0.1` or `::`. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Certificate chain and key (PEM) to speak TLS with. */
  readonly tls: TlsKeys | undefined;
  readonly patience: Patience;
}

/** How long clients are waited for, in milliseconds. */
export interface Patience {
  readonly headersMs: number;
  readonly bodyMs: number;
  readonly checkMs: number;
  readonly stalledMs: number;
}

export interface TlsKeys {
  readonly cert: string;
  readonly key: string;
}

export interface Server {
  /** As clients on this machine reach it. */
  readonly url: string;
  /** Other keys for connections that come from now on. @throws Error when they are none */
  useKeys(tls: TlsKeys): void;
  /** Takes no new connections and requests, lets answers under way end for so long, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/** How often a server that is being closed looks whether its last answer has ended. */
const POLL_MS = 20;

/** @throws SluiceError when the address cannot be had */
export async function startServer(options: ServerOptions): Promise<Server> {
  const server = makeServer(options.tls, options.patience);
  const { gate, metrics } = options;
  const answering: Answering = {
    ...options,
    isTls: options.tls !== undefined,
    // As if it had just come: a parser is put to it again.
    returned: (given, back) => {
      leaving.get(given)?.();
      if (back !== undefined && !gate.isDraining) server.emit('connection', back);
      else back?.end();
    },
  };
  server.on('connection', (socket: Socket) => count(options, socket));
  server.on('request', (message, response) => void answer(answering, message, response));
  server.on('connect', (_, socket) => {
    metrics.refused('method');
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const [status, reason] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'Bad Request'];
    metrics.refused(`http-${status}`);
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else socket.end(`HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    useKeys: (keys) => {
      if (server instanceof TlsServer) server.setSecureContext(keys);
    },
    close: async (graceMs) => {
      gate.isDraining = true;
      server.close();
      server.closeIdleConnections();
      const endMs = Date.now() + graceMs;
      while (gate.requests.size > 0 && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      server.closeAllConnections();
      options.carriers?.close();
    },
  };
}

/** What Node's parser refuses, by its code. */
const CLIENT_ERRORS: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Payload Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

function makeServer(tls: TlsKeys | undefined, { headersMs, bodyMs, checkMs, stalledMs }: Patience): HttpServer {
  const options: HttpOptions = {
    maxHeaderSize: limits.MAX_HEADER_BYTES,
    headersTimeout: headersMs,
    requestTimeout: headersMs + bodyMs,
    connectionsCheckingInterval: checkMs,
    keepAliveTimeout: limits.KEEP_ALIVE_MS,
    noDelay: true,
  };
  const server: HttpServer =
    tls === undefined
      ? createServer(options)
      : createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: 10_000 });
  server.timeout = stalledMs;
  // Node would leave out those beyond its count, and nobody would know.
  server.maxHeadersCount = 0;
  return server;
}

/** Counts a connection while it is ours, and closes it where even a refusal would cost too much. */
function count({ gate }: ServerOptions, socket: Socket): void {
  const leave = gate.connections.enter(limitKey(plainAddress(socket.remoteAddress ?? '') ?? 'unknown'));
  if (gate.connections.size > gate.policy.connections * limits.HARD_CONNECTIONS_FACTOR) socket.destroy();
  socket.once('close', leave);
  leaving.set(socket, leave);
}

/** A connection that is handed over never closes here. */
const leaving = new WeakMap<Socket, () => void>();

function listen(server: HttpServer, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(toSluiceError(error)));
    server.listen(port, host, () => resolve());
  });
}
