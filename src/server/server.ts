import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toSluiceError, type SluiceError } from '../base/index.js';
import type { Face } from '../hubs/index.js';
import { readRequest } from './read-request.js';
import { sendReply } from './send-reply.js';

export interface ServerOptions {
  /** Address to listen at, e.g. `127.0.0.1` or `::`. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** The first face that knows a path answers it. */
  readonly faces: readonly Face[];
  readonly onError: (error: SluiceError, path: string) => void;
}

export interface Server {
  /** As clients on this machine reach it. */
  readonly url: string;
  /** Takes no new connections, lets answers under way end for so long, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/** Longest head of a request: names, tokens and one cookie. */
const MAX_HEADER_BYTES = 32 * 1024;
/** A client that takes this long to say what it wants is gone. */
const HEADERS_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_MS = 75_000;

/** @throws SluiceError when the address cannot be had */
export async function startServer(options: ServerOptions): Promise<Server> {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 0,
    noDelay: true,
  });
  server.on('request', (message, response) => void answer(options, message, response));
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close: (graceMs) => close(server, graceMs) };
}

function listen(server: HttpServer, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(toSluiceError(error)));
    server.listen(port, host, () => resolve());
  });
}

async function close(server: HttpServer, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}

async function answer(options: ServerOptions, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const path = message.url ?? '/';
  try {
    const prefix = /^(?:\/[\w.-]+)+$/.exec(String(message.headers['x-forwarded-prefix'] ?? ''))?.[0] ?? '';
    const request = readRequest(message, `http://${message.headers.host ?? ''}${prefix}`, gone.signal);
    if (request === undefined) {
      response.writeHead(405, { allow: 'GET, HEAD, POST' }).end();
      return;
    }
    for (const face of options.faces) {
      const reply = face.answer(request);
      if (reply === undefined) continue;
      await sendReply(request, response, await reply);
      return;
    }
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('Nothing is here.\n');
  } catch (thrown) {
    const error = toSluiceError(thrown);
    if (error.code !== 'INTERRUPTED') options.onError(error, path);
    if (!response.headersSent) response.writeHead(500).end();
    else if (!response.writableEnded) response.socket?.resetAndDestroy();
  }
}
