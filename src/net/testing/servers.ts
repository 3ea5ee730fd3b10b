import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { onTestFinished } from 'vitest';

import { TEST_CERTIFICATE, TEST_KEY } from './certificate.js';

/** A server on loopback that ends with its test. `origin` has no trailing slash. */
export interface TestServer {
  readonly origin: string;
  readonly port: number;
  /** Requests seen, as they came. */
  readonly requests: readonly SeenRequest[];
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<http.IncomingHttpHeaders>;
}

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export async function httpServer(answer: Answer, onConnection?: (socket: net.Socket) => void): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const server = http.createServer(recording(requests, answer));
  if (onConnection !== undefined) server.on('connection', onConnection);
  const port = await listen(server);
  return { origin: `http://127.0.0.1:${port}`, port, requests };
}

/** Its certificate is for `localhost` and 127.0.0.1, signed by nobody else. */
export async function httpsServer(answer: Answer): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const server = https.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, recording(requests, answer));
  const port = await listen(server);
  return { origin: `https://localhost:${port}`, port, requests };
}

/** A server that says exactly these bytes, whatever it is asked. `then` decides what happens to the connection. */
export async function rawServer(bytes: string, then: 'keep' | 'end' | 'reset' = 'keep'): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const [method = '', url = ''] = data.toString('latin1').split(' ');
      requests.push({ method, url, headers: {} });
      socket.write(bytes, 'latin1', () => {
        if (then === 'end') socket.end();
        if (then === 'reset') socket.resetAndDestroy();
      });
    });
  });
  const port = await listen(server);
  return { origin: `http://127.0.0.1:${port}`, port, requests };
}

export interface TestProxy extends TestServer {
  /** `Proxy-Authorization` as it came, per request. */
  readonly authorizations: readonly (string | undefined)[];
}

/** A proxy for both forms; every tunnel leads to `tunnelPort` on loopback, whatever name was asked for. */
export async function proxyServer(tunnelPort: number, refuse?: string): Promise<TestProxy> {
  const requests: SeenRequest[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = http.createServer((request, response) => {
    authorizations.push(request.headers['proxy-authorization']);
    if (refuse !== undefined) response.writeHead(Number(refuse.slice(0, 3))).end();
    else response.end(`absolute ${request.url ?? ''}`);
  });
  server.on('request', (request) => requests.push(seen(request)));
  server.on('connect', (request, client) => {
    requests.push(seen(request));
    authorizations.push(request.headers['proxy-authorization']);
    client.on('error', () => {});
    if (refuse !== undefined) {
      client.end(`HTTP/1.1 ${refuse}\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const upstream = net.connect(tunnelPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  const port = await listen(server);
  return { origin: `http://127.0.0.1:${port}`, port, requests, authorizations };
}

function recording(requests: SeenRequest[], answer: Answer): Answer {
  return (request, response) => {
    requests.push(seen(request));
    answer(request, response);
  };
}

function seen(request: http.IncomingMessage): SeenRequest {
  return { method: request.method ?? '', url: request.url ?? '', headers: request.headers };
}

async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
