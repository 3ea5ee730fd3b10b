import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';

import { collect } from './testing/collect.js';
import { TEST_CERTIFICATE } from './testing/certificate.js';
import { httpServer, httpsServer, rawServer } from './testing/servers.js';
import { writeTemporary } from './testing/temporary.js';
import { onEveryRoad } from './testing/transport-suite.js';

onEveryRoad(({ testTransport }) => {
  const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';

  describe('answers that break off', () => {
    test.each([
      ['before the head', '', 'end'],
      ['before the head, by reset', '', 'reset'],
      ['in the head', 'HTTP/1.1 200 OK\r\ncontent-le', 'end'],
      ['in the body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', 'end'],
      ['in the body, by reset', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', 'reset'],
      ['in a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\nhalf', 'end'],
      ['between chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'end'],
    ] as const)('%s', async (_, bytes, then) => {
      const server = await rawServer(bytes, then);
      await expect(collect(testTransport(), { url: server.origin })).rejects.toMatchObject({
        code: 'RESET',
        details: { host: `127.0.0.1:${server.port}` },
      });
    });

    test('a body without a length ends with its connection', async () => {
      const server = await rawServer('HTTP/1.0 200 OK\r\n\r\nwhole', 'end');
      expect((await collect(testTransport(), { url: server.origin })).body).toBe('whole');
    });
  });

  describe('a connection that ends while the sink holds the body back', () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: x/y\r\n';
    const body = 'x'.repeat(300_000);
    const slowly = async (server: { readonly origin: string }, transport = testTransport()): Promise<number> => {
      let received = 0;
      await transport.get(
        { url: server.origin, signal: new AbortController().signal },
        {
          onHead: () => true,
          onData: async (chunk) => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            received += chunk.length;
          },
        },
      );
      return received;
    };

    test.each([
      ['with a length', `${head}content-length: ${body.length}\r\n\r\n${body}`],
      ['in chunks', `${head}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
      ['with its connection', `${head}connection: close\r\n\r\n${body}`],
    ])('loses nothing of a body that ends %s', async (_, bytes) => {
      expect(await slowly(await rawServer(bytes, 'end'))).toBe(body.length);
    });

    test('loses nothing over TLS', async () => {
      const server = await httpsServer((_, response) => response.writeHead(200, { connection: 'close' }).end(body));
      const transport = testTransport({ caFiles: [await writeTemporary('ca.pem', TEST_CERTIFICATE)] });
      expect(await slowly(server, transport)).toBe(body.length);
    });

    test.each(['end', 'reset'] as const)('is RESET when it ends early (%s)', async (then) => {
      const server = await rawServer(`${head}content-length: ${body.length + 1}\r\n\r\n${body}`, then);
      await expect(slowly(server)).rejects.toMatchObject({ code: 'RESET' });
    });
  });

  describe('answers that make no sense', () => {
    test.each([
      ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
      ['a status line of garbage', 'HTTP/1.1 abc\r\n\r\n'],
      ['a status above 599', 'HTTP/1.1 799 Odd\r\ncontent-length: 0\r\n\r\n'],
      ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd'],
      ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -3\r\n\r\nabcd'],
      ['a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
      ['a chunk of garbage', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n'],
      ['headers without end', `HTTP/1.1 200 OK\r\n${`x-long: ${'y'.repeat(1000)}\r\n`.repeat(100)}`],
      ['informational answers without end', `${EARLY_HINTS.repeat(100)}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n`],
      ['an encoding', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc'],
    ])('%s', async (_, bytes) => {
      const server = await rawServer(bytes, 'end');
      await expect(collect(testTransport(), { url: server.origin })).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
    });

    test('some informational answers before one are none of it', async () => {
      const server = await rawServer(`${EARLY_HINTS.repeat(20)}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood`);
      expect((await collect(testTransport(), { url: server.origin })).body).toBe('good');
    });

    test('bytes after the end are never part of a body, nor of the next answer', async () => {
      const server = await rawServer(
        'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngoodHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil',
      );
      const transport = testTransport();
      for (let count = 0; count < 5; count += 1) {
        expect((await collect(transport, { url: server.origin })).body).toBe('good');
      }
    });

    test('an encoding that is the format of the file leaves its bytes as they are', async () => {
      const server = await rawServer('HTTP/1.1 200 OK\r\ncontent-encoding: x-gzip\r\ncontent-length: 3\r\n\r\nabc');
      expect((await collect(testTransport(), { url: `${server.origin}/model.tar.gz` })).body).toBe('abc');
    });
  });

  describe('silence', () => {
    test.each([
      ['before the head', ''],
      ['in the head', 'HTTP/1.1 200 OK\r\ncontent-le'],
      ['in the body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'],
    ])('%s is STALLED', async (_, bytes) => {
      const server = await rawServer(bytes);
      const transport = testTransport({ headTimeoutMs: 100, idleMs: 100 });
      await expect(collect(transport, { url: server.origin })).rejects.toMatchObject({ code: 'STALLED' });
    });

    test('of a sink is not held against the server', async () => {
      const server = await httpServer((_, response) => response.end(Buffer.alloc(200_000)));
      let received = 0;
      await testTransport({ idleMs: 60 }).get(
        { url: server.origin, signal: new AbortController().signal },
        {
          onHead: () => true,
          onData: async (chunk) => {
            received += chunk.length;
            await new Promise((resolve) => setTimeout(resolve, 90));
          },
        },
      );
      expect(received).toBe(200_000);
    });
  });

  describe('hosts that cannot be reached', () => {
    test('a closed port is CONNECT', async () => {
      const port = await closedPort();
      await expect(collect(testTransport(), { url: `http://127.0.0.1:${port}/` })).rejects.toMatchObject({
        code: 'CONNECT',
        details: { host: `127.0.0.1:${port}`, reason: 'connection refused' },
      });
    });

    test('a name that does not exist is DNS', async () => {
      await expect(collect(testTransport(), { url: 'http://no-such-name.invalid/' })).rejects.toMatchObject({
        code: 'DNS',
        details: { host: 'no-such-name.invalid' },
      });
    });

    test('a handshake that never ends is CONNECT within the time limit', async () => {
      const server = await rawServer('');
      const transport = testTransport({ connectTimeoutMs: 100 });
      await expect(collect(transport, { url: `https://127.0.0.1:${server.port}/` })).rejects.toMatchObject({
        code: 'CONNECT',
      });
    });

    test('interruption does not wait for the connection', async () => {
      const server = await rawServer('');
      const controller = new AbortController();
      const got = collect(testTransport(), { url: `https://127.0.0.1:${server.port}/`, signal: controller.signal });
      setTimeout(() => controller.abort(), 20);
      await expect(got).rejects.toMatchObject({ code: 'INTERRUPTED' });
    });

    test('the loopback of IPv6 is reached', async () => {
      const server = net.createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nsix'));
      const listening = await new Promise<boolean>((resolve) => {
        server.once('error', () => resolve(false));
        server.listen(0, '::1', () => resolve(true));
      });
      onTestFinished(() => void server.close());
      // A machine without IPv6 has nothing to show here.
      if (!listening) return;
      const { port } = server.address() as net.AddressInfo;
      expect((await collect(testTransport(), { url: `http://[::1]:${port}/` })).body).toBe('six');
    });
  });

  describe('TLS', () => {
    test('a certificate nobody signed is TLS', async () => {
      const server = await httpsServer((_, response) => response.end());
      await expect(collect(testTransport(), { url: server.origin })).rejects.toMatchObject({
        code: 'TLS',
        details: { host: `localhost:${server.port}` },
      });
      expect(server.requests).toEqual([]);
    });

    test('a CA file makes it trusted, for the names in the certificate only', async () => {
      const server = await httpsServer((_, response) => response.end('sealed'));
      const transport = testTransport({ caFiles: [await writeTemporary('ca.pem', TEST_CERTIFICATE)] });
      expect((await collect(transport, { url: server.origin })).body).toBe('sealed');
      expect((await collect(transport, { url: `https://127.0.0.1:${server.port}/` })).body).toBe('sealed');
      const otherName = collect(transport, { url: `https://127.0.0.2:${server.port}/` });
      await expect(otherName).rejects.toSatisfy((error: { code: string }) => ['TLS', 'CONNECT'].includes(error.code));
    });

    test('a server without TLS is TLS', async () => {
      const server = await httpServer((_, response) => response.end());
      await expect(collect(testTransport(), { url: `https://127.0.0.1:${server.port}/` })).rejects.toMatchObject({
        code: 'TLS',
      });
    });

    test.each([
      ['missing', undefined, /ENOENT/],
      ['without a certificate', 'hello', /no PEM/],
      ['with a broken certificate', '-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n', /cannot be read/],
    ])('a CA file %s is a bad setting', async (_, content, reason) => {
      const file = content === undefined ? '/no/such/ca.pem' : await writeTemporary('ca.pem', content);
      expect(() => testTransport({ caFiles: [file] })).toThrow(reason);
    });
  });
});

async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
