import { describe, expect, test } from 'vitest';

import { collect } from './testing/collect.js';
import { httpServer, rawServer } from './testing/servers.js';
import { onEveryRoad } from './testing/transport-suite.js';

const never = new AbortController().signal;

onEveryRoad(({ testTransport }) => {
  describe('one request', () => {
    test('brings the body, asks for identity and names itself', async () => {
      const server = await httpServer((_, response) => response.end('weights'));
      const transport = testTransport({ userAgent: 'sluice/test' });
      const { head, body } = await collect(transport, { url: `${server.origin}/a?b=c#d`, headers: { 'x-a': '1' } });
      expect(body).toBe('weights');
      expect(head).toMatchObject({ status: 200, url: `${server.origin}/a?b=c`, headers: { 'content-length': '7' } });
      expect(server.requests[0]).toMatchObject({
        url: '/a?b=c',
        headers: { 'accept-encoding': 'identity', 'user-agent': 'sluice/test', 'x-a': '1' },
      });
      expect(transport.requestCount).toBe(1);
    });

    test.each([
      [{ startByte: 0, endByte: 10 }, 'bytes=0-9'],
      [{ startByte: 5 }, 'bytes=5-'],
    ])('asks for the range %o', async (range, expected) => {
      const server = await httpServer((_, response) => response.end());
      await collect(testTransport(), { url: server.origin, range });
      expect(server.requests[0]?.headers.range).toBe(expected);
    });

    test('passes refusals on to the sink with their bodies', async () => {
      const server = await httpServer((_, response) =>
        response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end('no'),
      );
      const { head, body } = await collect(testTransport(), { url: server.origin });
      expect([head.status, head.headers['x-error-code'], body]).toEqual([404, 'EntryNotFound', 'no']);
    });

    test('brings chunked bodies and empty ones', async () => {
      const server = await httpServer((request, response) => {
        if (request.url === '/empty') response.end();
        else {
          response.write('one ');
          response.end('two');
        }
      });
      const transport = testTransport();
      expect((await collect(transport, { url: `${server.origin}/chunked` })).body).toBe('one two');
      expect((await collect(transport, { url: `${server.origin}/empty` })).body).toBe('');
    });

    test('keeps connections for the next request', async () => {
      const ports = new Set<number | undefined>();
      const server = await httpServer((request, response) => {
        ports.add(request.socket.remotePort);
        response.end('x');
      });
      const transport = testTransport();
      for (let count = 0; count < 5; count += 1) await collect(transport, { url: server.origin });
      expect(ports.size).toBe(1);
    });
  });

  describe('the sink', () => {
    test('holds the next chunk back with a promise, in order and never two at once', async () => {
      const content = Buffer.alloc(3_000_000, 'abcdefg');
      const server = await httpServer((_, response) => response.end(content));
      const chunks: Buffer[] = [];
      let inside = 0;
      await testTransport().get(
        { url: server.origin, signal: never },
        {
          onHead: () => true,
          async onData(chunk) {
            inside += 1;
            expect(inside).toBe(1);
            await new Promise((resolve) => setImmediate(resolve));
            chunks.push(Buffer.from(chunk));
            inside -= 1;
          },
        },
      );
      expect(Buffer.concat(chunks).equals(content)).toBe(true);
    });

    test('holds the server back too, not just its chunks', async () => {
      const total = 200_000_000;
      let offered = 0;
      const block = Buffer.alloc(1_000_000);
      const server = await httpServer((_, response) => {
        response.writeHead(200, { 'content-length': total });
        const offer = (): void => {
          while (offered < total && !response.destroyed) {
            offered += block.length;
            if (!response.write(block)) {
              response.once('drain', offer);
              return;
            }
          }
        };
        offer();
      });
      const controller = new AbortController();
      const got = testTransport().get(
        { url: server.origin, signal: controller.signal },
        { onHead: () => true, onData: () => new Promise((resolve) => setTimeout(resolve, 300)) },
      );
      setTimeout(() => controller.abort(), 250);
      await expect(got).rejects.toMatchObject({ code: 'INTERRUPTED' });
      expect(offered).toBeLessThan(total / 2);
    });

    test('may refuse the body', async () => {
      const server = await httpServer((_, response) => response.end(Buffer.alloc(50_000_000)));
      let received = 0;
      await testTransport().get(
        { url: server.origin, signal: never },
        { onHead: () => false, onData: (chunk) => void (received += chunk.length) },
      );
      expect(received).toBe(0);
    });

    test.each(['onHead', 'onData', 'promise'])('ends the request with the very error it throws (%s)', async (where) => {
      const server = await httpServer((_, response) => response.end(Buffer.alloc(1_000_000)));
      const fault = new Error('disk full');
      const fail = (at: string): void => {
        if (at === where) throw fault;
      };
      const got = testTransport().get(
        { url: server.origin, signal: never },
        {
          onHead: () => {
            fail('onHead');
            return true;
          },
          onData: () => {
            fail('onData');
            return where === 'promise' ? Promise.reject(fault) : undefined;
          },
        },
      );
      await expect(got).rejects.toBe(fault);
    });

    test('is done with its last write before a failure is told', async () => {
      const server = await rawServer('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', 'end');
      let written = false;
      const got = testTransport({ idleMs: 50 }).get(
        { url: server.origin, signal: never },
        {
          onHead: () => true,
          async onData() {
            await new Promise((resolve) => setTimeout(resolve, 100));
            written = true;
          },
        },
      );
      await expect(got).rejects.toMatchObject({ code: 'RESET' });
      expect(written).toBe(true);
    });
  });

  describe('interruption', () => {
    test('by one signal for many requests is no leak', async () => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error): void => void warnings.push(warning);
      process.on('warning', onWarning);
      const server = await httpServer((_, response) => response.write('some'));
      const controller = new AbortController();
      const transport = testTransport();
      const all = Array.from({ length: 20 }, () =>
        collect(transport, { url: server.origin, signal: controller.signal }),
      );
      setTimeout(() => controller.abort(), 50);
      const outcomes = await Promise.allSettled(all);
      expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
      process.off('warning', onWarning);
      expect(warnings).toEqual([]);
    });

    test('ends a request at once and drops its connection', async () => {
      const dropped = deferred();
      const server = await httpServer((request, response) => {
        request.socket.on('close', dropped.resolve);
        response.write('some');
      });
      const controller = new AbortController();
      const got = testTransport().get(
        { url: server.origin, signal: controller.signal },
        { onHead: () => true, onData: () => controller.abort() },
      );
      await expect(got).rejects.toMatchObject({ code: 'INTERRUPTED' });
      await dropped.promise;
    });

    test('before the start costs no request', async () => {
      const server = await httpServer((_, response) => response.end());
      const transport = testTransport();
      await expect(collect(transport, { url: server.origin, signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'INTERRUPTED',
      });
      expect([transport.requestCount, server.requests.length]).toEqual([0, 0]);
    });

    test('closing the transport ends what is under way', async () => {
      const server = await httpServer((_, response) => response.write('some'));
      const transport = testTransport();
      const got = transport.get(
        { url: server.origin, signal: never },
        { onHead: () => true, onData: () => void transport.close() },
      );
      await expect(got).rejects.toMatchObject({ code: 'INTERRUPTED' });
      await expect(collect(transport, { url: server.origin })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    });
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((given) => {
    resolve = given;
  });
  return { promise, resolve };
}
