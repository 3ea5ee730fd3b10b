import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';

import type { Transport } from '../port.js';
import { TEST_CERTIFICATE } from '../testing/certificate.js';
import { collect, testTransport } from '../testing/collect.js';
import { scriptedServer } from '../testing/scripted-server.js';
import { httpServer, httpsServer, rawServer } from '../testing/servers.js';
import { writeTemporary } from '../testing/temporary.js';
import { BLOCK_BYTES } from './block-pool.js';

const never = new AbortController().signal;

/** The sizes of what the sink is given. */
async function chunkSizes(transport: Transport, url: string): Promise<number[]> {
  const sizes: number[] = [];
  await transport.get({ url, signal: never }, { onHead: () => true, onData: (chunk) => void sizes.push(chunk.length) });
  return sizes;
}

test('an answer in chunks is asked for again on the other road, and the next whole one goes there at once', async () => {
  const server = await httpServer((request, response) => {
    if (request.headers.range !== undefined) response.end('plain');
    else {
      response.write('in ');
      response.end('chunks');
    }
  });
  const transport = testTransport();
  expect((await collect(transport, { url: server.origin })).body).toBe('in chunks');
  expect(transport.requestCount).toBe(2);
  expect((await collect(transport, { url: server.origin })).body).toBe('in chunks');
  expect(transport.requestCount).toBe(3);
  const ranged = { url: server.origin, range: { startByte: 0 } };
  expect((await collect(transport, ranged)).body).toBe('plain');
  expect((await collect(transport, ranged)).body).toBe('plain');
  expect([transport.requestCount, server.requests.length]).toEqual([5, 5]);
});

test('a document in chunks is asked for once, and its connection used again, also by what is not a document', async () => {
  const connections = new Set<Socket>();
  const server = await httpServer((request, response) => {
    connections.add(request.socket);
    if (request.url === '/file') {
      response.writeHead(200, { 'content-length': 1 }).end('x');
      return;
    }
    // More than a connection reads at once.
    for (let part = 0; part < 40; part += 1) response.write(String(part % 10).repeat(10_000));
    response.end();
  });
  const transport = testTransport();
  const document = { url: `${server.origin}/list`, headers: { accept: 'application/json' } };
  for (let time = 0; time < 2; time += 1) expect((await collect(transport, document)).body).toHaveLength(400_000);
  expect((await collect(transport, { url: `${server.origin}/file` })).body).toBe('x');
  expect([transport.requestCount, server.requests.length, connections.size]).toEqual([3, 3, 1]);
});

test('a refusal is never asked for twice, though it comes in chunks', async () => {
  const server = await httpServer((_, response) => response.writeHead(429, { 'retry-after': '7' }).end('slow down'));
  const transport = testTransport();
  const { head, body } = await collect(transport, { url: server.origin });
  expect([head.status, head.headers['retry-after'], body]).toEqual([429, '7', 'slow down']);
  expect(server.requests).toHaveLength(1);
});

test('a refusal without end is told, and then cut off', async () => {
  const server = await httpServer((_, response) => {
    response.writeHead(500);
    response.write('x'.repeat(200_000));
  });
  let bytes = 0;
  const got = testTransport().get(
    { url: server.origin, signal: never },
    { onHead: ({ status }) => status === 500, onData: (chunk) => void (bytes += chunk.length) },
  );
  await expect(got).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
  expect(bytes).toBeGreaterThan(60_000);
});

test('a kept connection that its server has closed costs a request more, and no error', async () => {
  const sockets: Socket[] = [];
  const server = await httpServer((request, response) => {
    sockets.push(request.socket);
    // The second request on a connection finds it closed.
    if (sockets.filter((socket) => socket === request.socket).length > 1) request.socket.destroy();
    else response.end('fresh');
  });
  const transport = testTransport();
  for (let count = 0; count < 3; count += 1)
    expect((await collect(transport, { url: server.origin })).body).toBe('fresh');
  expect(new Set(sockets).size).toBe(3);
});

test.each(['connection: close', 'keep-alive: timeout=1'])('%s: the connection is not used again', async (field) => {
  const [name = '', value = ''] = field.split(': ');
  const ports = new Set<number | undefined>();
  const server = await httpServer((request, response) => {
    ports.add(request.socket.remotePort);
    response.writeHead(200, { 'content-length': 2, [name]: value }).end('ok');
  });
  const transport = testTransport();
  for (let count = 0; count < 3; count += 1) await collect(transport, { url: server.origin });
  expect(ports.size).toBe(3);
});

test('what a server says unasked between two answers ends the connection', async () => {
  const server = await scriptedServer();
  const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood');
  const transport = testTransport();
  server.script = { writes: [answer, Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil')], then: 'keep' };
  expect((await collect(transport, { url: server.origin })).body).toBe('good');
  await new Promise((resolve) => setTimeout(resolve, 50));
  server.script = { writes: [answer], then: 'keep' };
  expect((await collect(transport, { url: server.origin })).body).toBe('good');
});

test('requests beyond the limit of connections wait for one, and may be interrupted there', async () => {
  const ports = new Set<number | undefined>();
  const server = await httpServer((request, response) => {
    ports.add(request.socket.remotePort);
    setTimeout(() => response.end('x'), 5);
  });
  const transport = testTransport({ maxConnectionsPerHost: 2 });
  const controller = new AbortController();
  const all = Array.from({ length: 10 }, () => collect(transport, { url: server.origin }));
  const waiting = collect(transport, { url: server.origin, signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect((await Promise.all(all)).map(({ body }) => body).join('')).toBe('x'.repeat(10));
  expect(ports.size).toBe(2);
});

test('connections opened ahead of need are the ones that are used', async () => {
  const server = await scriptedServer();
  server.script = { writes: [Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx')], then: 'keep' };
  const transport = testTransport();
  transport.warm?.(server.origin, 3);
  await expect.poll(() => server.connections, { timeout: 20_000 }).toBe(3);
  expect(transport.requestCount).toBe(0);
  await Promise.all(Array.from({ length: 3 }, () => collect(transport, { url: server.origin })));
  expect([server.connections, transport.requestCount]).toEqual([3, 3]);
});

test('warming a host that is not there is told to nobody but who asks it', async () => {
  const transport = testTransport();
  transport.warm?.('http://127.0.0.1:1/', 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(collect(transport, { url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({ code: 'CONNECT' });
});

test.each(['http', 'https'])('reads are large (%s)', async (scheme) => {
  const body = Buffer.alloc(20_000_000);
  const make = scheme === 'http' ? httpServer : httpsServer;
  const server = await make((_, response) => response.end(body));
  const caFiles = [await writeTemporary('ca.pem', TEST_CERTIFICATE)];
  const sizes = await chunkSizes(testTransport({ caFiles }), server.origin);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(body.length);
  // undici gives 64 KiB at most over http, and 16 KiB over https.
  expect(Math.max(...sizes)).toBeGreaterThan(64 * 1024);
});

test.each(['http', 'https'])(
  'a chunk stays as it is until its promise is over, and little piles up behind it (%s)',
  async (scheme) => {
    const body = Buffer.alloc(12_000_000);
    for (let at = 0; at < body.length; at += 4) body.writeUInt32LE(at, at);
    const make = scheme === 'http' ? httpServer : httpsServer;
    const server = await make((_, response) => {
      response.writeHead(200, { 'content-length': body.length });
      // TLS records of that size end apart from the reads, so that some are decrypted behind a pause.
      for (let at = 0; at < body.length; at += 10_007) response.write(body.subarray(at, at + 10_007));
      response.end();
    });
    const caFiles = [await writeTemporary('ca.pem', TEST_CERTIFICATE)];
    let position = 0;
    await testTransport({ caFiles }).get(
      { url: server.origin, signal: never },
      {
        onHead: () => true,
        async onData(chunk) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          expect(chunk.length).toBeLessThanOrEqual(BLOCK_BYTES);
          expect(chunk.equals(body.subarray(position, position + chunk.length))).toBe(true);
          position += chunk.length;
        },
      },
    );
    expect(position).toBe(body.length);
  },
);

test('a second connection resumes the TLS session of the first', async () => {
  const reused: boolean[] = [];
  const server = await httpsServer((request, response) => {
    reused.push((request.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
    response.writeHead(200, { connection: 'close', 'content-length': 1 }).end('x');
  });
  const transport = testTransport({ caFiles: [await writeTemporary('ca.pem', TEST_CERTIFICATE)] });
  for (let count = 0; count < 2; count += 1) await collect(transport, { url: server.origin });
  expect(reused).toEqual([false, true]);
});

test('a connection that is used many times gathers no listeners', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  const server = await rawServer('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx');
  const transport = testTransport();
  for (let count = 0; count < 30; count += 1) await collect(transport, { url: server.origin });
  expect(warnings).toEqual([]);
});
