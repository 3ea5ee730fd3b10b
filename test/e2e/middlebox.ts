import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach } from 'vitest';

const endings: (() => void)[] = [];

afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/**
 * What a firewall does to those that it does not like: it takes connections as a proxy for plain http would, passes everything on to where the first
 * request names, and cuts them after so long. Gives its URL.
 */
export async function startMiddlebox(cutAfterMs: number): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client.on('error', () => undefined));
    const timer = setTimeout(() => client.resetAndDestroy(), cutAfterMs);
    client.on('close', () => clearTimeout(timer));
    client.once('data', (head: Buffer) => {
      const [, host = '', port = ''] = /^GET http:\/\/([^/:]+):(\d+)/.exec(head.toString('latin1')) ?? [];
      const onward = connect(Number(port), host);
      const pass = (request: Buffer) => onward.write(inOriginForm(request));
      pass(head);
      client.on('data', pass);
      onward.pipe(client);
      sockets.add(onward.on('error', () => client.destroy()));
      client.on('close', () => onward.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function inOriginForm(request: Buffer): Buffer {
  return Buffer.from(request.toString('latin1').replace(/^GET http:\/\/[^/]+/, 'GET '), 'latin1');
}
