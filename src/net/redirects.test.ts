import { describe, expect, test } from 'vitest';

import { collect } from './testing/collect.js';
import { httpServer, httpsServer } from './testing/servers.js';
import { TEST_CERTIFICATE } from './testing/certificate.js';
import { writeTemporary } from './testing/temporary.js';
import { onEveryRoad } from './testing/transport-suite.js';

const credentials = { authorization: 'Bearer secret-of-the-user', cookie: 'm_session_id=secret' };

onEveryRoad(({ testTransport }) => {
  describe('redirects', () => {
    test.each([301, 302, 303, 307, 308])('%d is followed, and told', async (status) => {
      const server = await httpServer((request, response) => {
        if (request.url === '/end') response.end('there');
        else response.writeHead(status, { location: '/end', 'x-linked-size': '5' }).end('moved');
      });
      const transport = testTransport();
      const told: string[] = [];
      const { head, body } = await collect(transport, {
        url: `${server.origin}/start`,
        range: { startByte: 1, endByte: 3 },
        onRedirect: (target, redirect) => told.push(`${redirect.headers['x-linked-size'] ?? ''} ${target}`),
      });
      expect([body, head.url]).toEqual(['there', `${server.origin}/end`]);
      expect(told).toEqual([`5 ${server.origin}/end`]);
      expect(transport.requestCount).toBe(2);
      expect(server.requests.map((request) => request.headers.range)).toEqual(['bytes=1-2', 'bytes=1-2']);
    });

    test.each([300, 304])('%d is an answer, not a redirect', async (status) => {
      const server = await httpServer((_, response) => response.writeHead(status, { location: '/end' }).end());
      expect((await collect(testTransport(), { url: server.origin })).head.status).toBe(status);
    });

    test('use the same connection when they stay on the host', async () => {
      const ports = new Set<number | undefined>();
      const server = await httpServer((request, response) => {
        ports.add(request.socket.remotePort);
        if (request.url === '/end') response.end('there');
        else response.writeHead(307, { location: '/end' }).end('moved');
      });
      await collect(testTransport(), { url: server.origin });
      expect(ports.size).toBe(1);
    });

    test.each(['long', 'endless'])('do not wait for a %s body', async (kind) => {
      const server = await httpServer((request, response) => {
        if (request.url === '/end') response.end('there');
        else {
          response.writeHead(302, { location: '/end', ...(kind === 'long' ? { 'content-length': '100000000' } : {}) });
          response.write('slow');
        }
      });
      expect((await collect(testTransport(), { url: server.origin })).body).toBe('there');
    });
  });

  describe('credentials', () => {
    test('stay while redirects stay on the origin', async () => {
      const server = await httpServer((request, response) => {
        if (request.url === '/end') response.end();
        else response.writeHead(302, { location: '/end' }).end();
      });
      await collect(testTransport(), { url: server.origin, credentials });
      expect(server.requests.map((request) => request.headers.authorization)).toEqual([
        credentials.authorization,
        credentials.authorization,
      ]);
    });

    test('are gone at another port, and stay gone when the way leads back', async () => {
      const home = await httpServer((request, response) => {
        if (request.url === '/back') response.end('home');
        else response.writeHead(302, { location: `${away.origin}/there` }).end();
      });
      const away = await httpServer((_, response) =>
        response.writeHead(302, { location: `${home.origin}/back` }).end(),
      );
      await collect(testTransport(), { url: `${home.origin}/start`, credentials, headers: { 'x-plain': 'yes' } });
      expect(home.requests[0]?.headers).toMatchObject(credentials);
      for (const request of [home.requests[1], away.requests[0]]) {
        expect(request?.headers).toMatchObject({ 'x-plain': 'yes' });
        expect(request?.headers).not.toHaveProperty('authorization');
        expect(request?.headers).not.toHaveProperty('cookie');
      }
    });

    test.each(['Authorization', 'cookie', 'Proxy-Authorization'])(
      'given as a plain header (%s) are refused',
      async (name) => {
        const got = collect(testTransport(), { url: 'http://127.0.0.1:1/', headers: { [name]: 'secret' } });
        await expect(got).rejects.toMatchObject({ code: 'INTERNAL' });
      },
    );

    test('in a URL are refused', async () => {
      const got = collect(testTransport(), { url: 'http://user:secret@127.0.0.1:1/' });
      await expect(got).rejects.toMatchObject({
        code: 'INTERNAL',
        message: expect.not.stringContaining('secret') as string,
      });
    });
  });

  describe('redirects that may not be followed', () => {
    test.each([
      ['file:///etc/passwd', /scheme file:/],
      ['ftp://host/x', /scheme ftp:/],
      ['data:text/plain,x', /scheme data:/],
      ['http://user:secret@host/x', /credentials/],
      ['http://[nonsense/x', /not a URL/],
      ['', /without a target/],
      [undefined, /without a target/],
      [`/${'x'.repeat(20_000)}`, /longer/],
    ])('%s', async (location, reason) => {
      const server = await httpServer((_, response) =>
        response.writeHead(302, location === undefined ? {} : { location }).end(),
      );
      const got = collect(testTransport(), { url: server.origin });
      await expect(got).rejects.toMatchObject({ code: 'REDIRECTS', message: expect.stringMatching(reason) as string });
      await expect(got).rejects.not.toMatchObject({ message: expect.stringContaining('secret') as string });
    });

    test('circles', async () => {
      const server = await httpServer((request, response) =>
        response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end(),
      );
      const transport = testTransport();
      await expect(collect(transport, { url: `${server.origin}/a` })).rejects.toMatchObject({ code: 'REDIRECTS' });
      expect(transport.requestCount).toBe(2);
    });

    test('chains without end', async () => {
      const server = await httpServer((request, response) =>
        response.writeHead(302, { location: `${request.url ?? ''}x` }).end(),
      );
      const transport = testTransport();
      await expect(collect(transport, { url: server.origin })).rejects.toMatchObject({ code: 'REDIRECTS' });
      expect(transport.requestCount).toBe(11);
    });

    test('from https down to http', async () => {
      const plain = await httpServer((_, response) => response.end('plain'));
      const secure = await httpsServer((_, response) => response.writeHead(302, { location: plain.origin }).end());
      const transport = testTransport({ caFiles: [await writeTemporary('ca.pem', TEST_CERTIFICATE)] });
      await expect(collect(transport, { url: secure.origin })).rejects.toMatchObject({ code: 'REDIRECTS' });
      expect(plain.requests).toEqual([]);
    });
  });
});
