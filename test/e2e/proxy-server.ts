import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach } from 'vitest';

export interface ProxyRequest {
  readonly method: string;
  /** As it stood in the request line: absolute, or `host:port` of a CONNECT. */
  readonly target: string;
  readonly authorization: string | undefined;
  /** What the request said to the hub, where the proxy can see it. */
  readonly hubAuthorization: string | undefined;
}

export interface ProxyServer {
  readonly url: string;
  readonly host: string;
  readonly requests: readonly ProxyRequest[];
}

export interface ProxyServerOptions {
  /** `user:password`; whoever does not give it is answered 407. */
  readonly account?: string;
  /** Answers everything so. */
  readonly refuse?: number;
  /** Where names lead, for names that no name server knows: `hub.example:443` → a loopback `host:port`. */
  readonly routes?: Readonly<Record<string, string>>;
}

const endings: (() => void)[] = [];

afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/** A forward proxy: absolute form for http, CONNECT for https. Ended with the test. */
export async function startProxy(options: ProxyServerOptions = {}): Promise<ProxyServer> {
  const requests: ProxyRequest[] = [];
  const sockets = new Set<Duplex>();
  const server = createServer((incoming, response) => {
    const status = judge(incoming, options, requests);
    if (status === undefined) forward(incoming, response);
    else response.writeHead(status, { 'proxy-authenticate': 'Basic realm="proxy"' }).end('no');
  });
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    const status = judge(incoming, options, requests);
    sockets.add(client.on('error', () => undefined));
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} Refused\r\nProxy-Authenticate: Basic realm="proxy"\r\n\r\n`);
      return;
    }
    const target = options.routes?.[incoming.url ?? ''] ?? incoming.url ?? '';
    sockets.add(tunnel(target, client, head));
  });
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `http://${host}`, host, requests };
}

/** The status to refuse with, if any. */
function judge(incoming: IncomingMessage, options: ProxyServerOptions, seen: ProxyRequest[]): number | undefined {
  const authorization = incoming.headers['proxy-authorization'];
  const hubAuthorization = incoming.headers.authorization;
  seen.push({ method: incoming.method ?? '', target: incoming.url ?? '', authorization, hubAuthorization });
  if (options.refuse !== undefined) return options.refuse;
  const expected = `Basic ${Buffer.from(options.account ?? '').toString('base64')}`;
  return options.account !== undefined && authorization !== expected ? 407 : undefined;
}

function forward(incoming: IncomingMessage, response: ServerResponse): void {
  const { 'proxy-authorization': _, ...headers } = incoming.headers;
  const onward = request(incoming.url ?? '', { method: incoming.method ?? 'GET', headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response).on('error', () => answer.destroy());
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => response.destroy()).end();
  response.on('close', () => onward.destroy());
}

function tunnel(target: string, client: Duplex, head: Buffer): Socket {
  const at = target.lastIndexOf(':');
  const onward = connect(Number(target.slice(at + 1)), target.slice(0, at), () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    onward.write(head);
    onward.pipe(client).pipe(onward);
  });
  onward.on('error', () => client.destroy());
  client.on('close', () => onward.destroy());
  return onward;
}
