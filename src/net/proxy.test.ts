import { describe, expect, test } from 'vitest';

import { parseNoProxy } from './no-proxy.js';
import { collect } from './testing/collect.js';
import { TEST_CERTIFICATE } from './testing/certificate.js';
import { httpServer, httpsServer, proxyServer, rawServer } from './testing/servers.js';
import { writeTemporary } from './testing/temporary.js';
import { onEveryRoad } from './testing/transport-suite.js';

onEveryRoad(({ testTransport }) => {
  describe('a proxy', () => {
    test('is asked for a tunnel to https hosts, whose names it resolves, and keeps its password to itself', async () => {
      const hub = await httpsServer((_, response) => response.end('through'));
      const proxy = await proxyServer(hub.port);
      const transport = testTransport({
        proxy: proxy.origin.replace('//', '//user:p%40ss@'),
        caFiles: [await writeTemporary('ca.pem', TEST_CERTIFICATE)],
      });
      const { body } = await collect(transport, {
        url: 'https://hub.example/x',
        credentials: { authorization: 'Bearer t' },
      });
      expect(body).toBe('through');
      expect(proxy.requests[0]).toMatchObject({ method: 'CONNECT', url: 'hub.example:443' });
      expect(proxy.requests[0]?.headers).not.toHaveProperty('authorization');
      expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
      expect(hub.requests[0]?.headers).toMatchObject({ authorization: 'Bearer t', host: 'hub.example' });
      expect(hub.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    });

    test('is sent plain http in absolute form', async () => {
      const proxy = await proxyServer(1);
      const transport = testTransport({ proxy: proxy.origin.replace('//', '//user:pass@') });
      const { body } = await collect(transport, { url: 'http://hub.example:8080/x?y=1' });
      expect(body).toBe('absolute http://hub.example:8080/x?y=1');
      expect(proxy.requests[0]?.headers.host).toBe('hub.example:8080');
      expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('user:pass').toString('base64')}`]);
    });

    test.each(['http', 'https'])('that wants a password is PROXY (%s)', async (scheme) => {
      const proxy = await proxyServer(1, '407 Proxy Authentication Required');
      const transport = testTransport({ proxy: proxy.origin.replace('//', '//user:secret@') });
      const got = collect(transport, { url: `${scheme}://hub.example/` });
      await expect(got).rejects.toMatchObject({
        code: 'PROXY',
        details: { host: `127.0.0.1:${proxy.port}`, status: 407 },
      });
      await expect(got).rejects.not.toMatchObject({ message: expect.stringContaining('secret') as string });
    });

    test.each([
      ['is not there', undefined],
      ['speaks something else', 'hello\r\n\r\n'],
      ['hangs up', 'HTTP/1.1 200'],
    ])('that %s is PROXY', async (_, says) => {
      const port = says === undefined ? 1 : (await rawServer(says, 'end')).port;
      const transport = testTransport({ proxy: `127.0.0.1:${port}` });
      await expect(collect(transport, { url: 'https://hub.example/' })).rejects.toMatchObject({ code: 'PROXY' });
    });

    test('is left out for the hosts in NO_PROXY', async () => {
      const server = await httpServer((_, response) => response.end('direct'));
      const transport = testTransport({ proxy: 'http://127.0.0.1:1', noProxy: '127.0.0.0/8' });
      expect((await collect(transport, { url: server.origin })).body).toBe('direct');
    });

    test.each(['socks4://host:1', 'ftp://host', 'http://', 'http://a b/', 'user:secret@ho st'])(
      '%s is a bad setting',
      (proxy) => {
        expect(() => testTransport({ proxy })).toThrow(/proxy cannot be/);
        expect(() => testTransport({ proxy })).not.toThrow(/secret/);
      },
    );

    test.each([undefined, '', '  '])('%j is none', async (proxy) => {
      const server = await httpServer((_, response) => response.end('direct'));
      expect((await collect(testTransport({ proxy }), { url: server.origin })).body).toBe('direct');
    });
  });
});

test.each([
  ['example.com', 'https://example.com/', true],
  ['example.com', 'https://hub.example.com/', true],
  ['example.com', 'https://badexample.com/', false],
  ['.example.com', 'https://hub.example.com/', true],
  ['*.example.com', 'https://hub.example.com/', true],
  ['EXAMPLE.com', 'https://example.COM/', true],
  ['*', 'https://anything/', true],
  ['a,b example.com', 'https://example.com/', true],
  ['example.com:8080', 'http://example.com:8080/', true],
  ['example.com:8080', 'http://example.com/', false],
  ['example.com:443', 'https://example.com/', true],
  ['10.0.0.0/8', 'http://10.1.2.3/', true],
  ['10.0.0.0/8', 'http://11.1.2.3/', false],
  ['10.0.0.0/99', 'http://10.1.2.3/', false],
  ['10.1.2.3', 'http://10.1.2.3/', true],
  ['fd00::/8', 'http://[fd12::1]/', true],
  ['::1', 'http://[::1]/', true],
  ['[::1]:80', 'http://[::1]/', true],
  ['2.3', 'http://10.1.2.3/', false],
  ['', 'http://a/', false],
  [undefined, 'http://a/', false],
])('NO_PROXY=%s and %s: %s', (list, url, expected) => {
  expect(parseNoProxy(list)(new URL(url))).toBe(expected);
});
