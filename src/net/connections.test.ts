import net, { type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';

import { TEST_CERTIFICATE } from './testing/certificate.js';
import { collect, testTransport } from './testing/collect.js';
import { httpServer, httpsServer } from './testing/servers.js';
import { writeTemporary } from './testing/temporary.js';

/** A header that the fast road does not send. */
const UNDICI = { headers: { te: 'trailers' } };

test.each([
  ['undici', 'the fast road', [UNDICI, {}]],
  ['the fast road', 'undici', [{}, UNDICI]],
])('a TLS session that %s made is resumed by %s', async (_, __, requests) => {
  const reused: boolean[] = [];
  const server = await httpsServer((request, response) => {
    reused.push((request.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
    response.writeHead(200, { connection: 'close', 'content-length': 1 }).end('x');
  });
  const transport = testTransport({ caFiles: [await writeTemporary('ca.pem', TEST_CERTIFICATE)] });
  for (const request of requests) await collect(transport, { url: server.origin, ...request });
  expect(reused).toEqual([false, true]);
});

test('a host is asked no more at once than it may be, over both roads together', async () => {
  let active = 0;
  let most = 0;
  const server = await httpServer((_, response) => {
    active += 1;
    most = Math.max(most, active);
    setTimeout(() => {
      active -= 1;
      response.end('x');
    }, 10);
  });
  const transport = testTransport({ maxConnectionsPerHost: 3 });
  const all = Array.from({ length: 24 }, (_, index) =>
    collect(transport, { url: server.origin, ...(index % 2 === 0 ? UNDICI : {}) }),
  );
  expect((await Promise.all(all)).every(({ body }) => body === 'x')).toBe(true);
  expect(most).toBe(3);
});

test.each([
  ['the fast road', 'undici', [{}, UNDICI]],
  ['undici', 'the fast road', [UNDICI, {}]],
])('connections that %s does not use make room for those of %s', async (_, __, [first, second]) => {
  const sockets = new Set<Socket>();
  const server = await httpServer((request, response) => {
    sockets.add(request.socket);
    setTimeout(() => response.end('x'), 10);
  });
  const transport = testTransport({ maxConnectionsPerHost: 4 });
  const four = async (request: object): Promise<void> => {
    await Promise.all(Array.from({ length: 4 }, () => collect(transport, { url: server.origin, ...request })));
  };
  await four(first ?? {});
  expect(sockets.size).toBe(4);
  await four(second ?? {});
  expect(sockets.size).toBe(8);
  const open = (): number => [...sockets].filter((socket) => !socket.destroyed).length;
  await expect.poll(open).toBe(4);
});

test('a request that waits for its turn goes on when one before it is interrupted, and ends with the transport', async () => {
  const server = await httpServer((request, response) => {
    if (request.url === '/quick') response.end('x');
  });
  const transport = testTransport({ maxConnectionsPerHost: 1 });
  const first = new AbortController();
  const silent = collect(transport, { url: `${server.origin}/silent`, signal: first.signal });
  const quick = collect(transport, { url: `${server.origin}/quick` });
  first.abort();
  await expect(silent).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect((await quick).body).toBe('x');
  const last = [1, 2].map(() => collect(transport, { url: `${server.origin}/silent` }));
  const ended = Promise.all(last.map((each) => expect(each).rejects.toMatchObject({ code: 'INTERRUPTED' })));
  await transport.close();
  await ended;
});

test('a connection that was opened ahead, and then closed by its server, costs no error', async () => {
  const sockets: Socket[] = [];
  const server = await httpServer(
    (_, response) => response.end('x'),
    (socket) => sockets.push(socket),
  );
  const transport = testTransport();
  transport.warm?.(server.origin, 1);
  await expect.poll(() => sockets.length).toBe(1);
  // Its end is on the way while the request is: only a reset can come of it.
  const got = collect(transport, { url: server.origin });
  sockets[0]?.resetAndDestroy();
  expect((await got).body).toBe('x');
});

test('a TLS session is not offered again after a handshake that failed', async () => {
  const reused: boolean[] = [];
  const server = await httpsServer((request, response) => {
    reused.push((request.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
    response.writeHead(200, { connection: 'close', 'content-length': 1 }).end('x');
  });
  const line = { isBroken: false };
  const port = await breakableLine(server.port, line);
  const transport = testTransport({ caFiles: [await writeTemporary('ca.pem', TEST_CERTIFICATE)] });
  const ask = () => collect(transport, { url: `https://localhost:${port}/` });
  await ask();
  await ask();
  line.isBroken = true;
  await expect(ask()).rejects.toMatchObject({ code: 'CONNECT' });
  line.isBroken = false;
  await ask();
  expect(reused).toEqual([false, true, false]);
});

/** Leads to a port on loopback, or breaks off with the first byte. */
async function breakableLine(port: number, line: { readonly isBroken: boolean }): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const onward = net.connect(port, '127.0.0.1');
    for (const each of [socket, onward]) sockets.add(each.on('error', () => each.destroy()));
    socket.once('data', () => {
      if (line.isBroken) socket.destroy();
    });
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as net.AddressInfo).port;
}
