import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import { afterEach } from 'vitest';
import type { TlsFiles } from '../../../src/sim/index.js';

const endings: (() => void)[] = [];

afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/** A company's inspection: takes CONNECT, shows a certificate of its own, and reads along. Gives its URL. */
export async function startInterceptingProxy(own: TlsFiles): Promise<string> {
  const open = new Set<Duplex>();
  const keep = <T extends Duplex>(socket: T): T => {
    open.add(socket.on('error', () => socket.destroy()));
    return socket;
  };
  const server = createServer((_, response) => void response.writeHead(405).end());
  server.on('connect', (request, client: Duplex) => {
    const { hostname, port } = new URL(`https://${request.url ?? ''}`);
    keep(client).write('HTTP/1.1 200 Connection established\r\n\r\n');
    const inside = keep(new TLSSocket(client, { isServer: true, ...own }));
    // It trusts whoever is there: what it hides from its clients is not the matter here.
    const onward = keep(connect({ host: hostname, port: Number(port), rejectUnauthorized: false }));
    inside.pipe(onward).pipe(inside);
    inside.once('close', () => onward.destroy());
    onward.once('close', () => inside.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
