import fc from 'fast-check';
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';

import { SluiceError } from '../base/index.js';
import { Dialler } from './dial.js';
import { Names } from './names.js';
import type { SocksProxy } from './parse-proxy.js';
import { chooseProxy } from './proxy.js';
import { openSocks } from './socks.js';
import { TEST_CERTIFICATE } from './testing/certificate.js';
import { collect } from './testing/collect.js';
import { httpServer, httpsServer, rawServer } from './testing/servers.js';
import { socksServer } from './testing/socks-server.js';
import { writeTemporary } from './testing/temporary.js';
import { Trust } from './trust.js';
import { onEveryRoad } from './testing/transport-suite.js';

const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

onEveryRoad(({ testTransport }) => {
  describe('a SOCKS proxy', () => {
    test.each(['http', 'https'])('is given the name of an %s host, and its account', async (scheme) => {
      const hub = await (scheme === 'http' ? httpServer : httpsServer)((_, response) => response.end('through'));
      const proxy = await socksServer(hub.port, { account: 'ann:p@ss' });
      const transport = testTransport({
        proxy: `socks5h://ann:p%40ss@${proxy.host}`,
        caFiles: [await writeTemporary('ca.pem', TEST_CERTIFICATE)],
      });
      expect((await collect(transport, { url: `${scheme}://hub.example:8443/x` })).body).toBe('through');
      expect(proxy.accounts).toEqual(['ann:p@ss']);
      expect(proxy.asked).toHaveLength(1);
      expect(proxy.asked[0]).toMatchObject({ kind: NAME, port: 8443 });
      expect(proxy.asked[0]?.address.toString('latin1', 1)).toBe('hub.example');
      expect(hub.requests[0]?.url).toBe('/x');
    });

    test('socks5:// finds the address here', async () => {
      const hub = await httpServer((_, response) => response.end('through'));
      const proxy = await socksServer(hub.port);
      const transport = testTransport({ proxy: `socks5://${proxy.host}` });
      expect((await collect(transport, { url: 'http://localhost:1234/' })).body).toBe('through');
      expect(proxy.asked[0]?.kind).not.toBe(NAME);
      expect(proxy.asked[0]?.port).toBe(1234);
    });

    test.each([
      ['1:2::ffff:3', '000100020000000000000000ffff0003'],
      ['::1', '00000000000000000000000000000001'],
      ['::ffff:10.1.2.3', '00000000000000000000ffff0a010203'],
      ['fd00::', 'fd000000000000000000000000000000'],
    ])('is given [%s] as bytes', async (address, hex) => {
      const hub = await httpServer((_, response) => response.end('through'));
      const proxy = await socksServer(hub.port);
      await collect(testTransport({ proxy: `socks5h://${proxy.host}` }), { url: `http://[${address}]:80/` });
      expect(proxy.asked[0]?.address.toString('hex')).toBe(hex);
    });

    test.each([
      ['refuses', { refuse: () => 2 }, '', 'rules'],
      ['cannot connect', { refuse: () => 5 }, '', 'connection refused'],
      ['wants an account', { account: 'ann:secret' }, '', 'it wants a user name'],
      ['does not know the account', { account: 'ann:secret' }, 'bob:hidden@', 'does not accept'],
    ])('that %s is PROXY', async (_, options, account, reason) => {
      const proxy = await socksServer(1, options);
      const got = collect(testTransport({ proxy: `socks5h://${account}${proxy.host}` }), {
        url: 'https://hub.example/',
      });
      await expect(got).rejects.toMatchObject({
        code: 'PROXY',
        details: { host: proxy.host, reason: expect.stringContaining(reason) as string },
      });
      await expect(got).rejects.not.toMatchObject({ message: expect.stringContaining('hidden') as string });
    });

    test.each(['HTTP/1.1 400 Bad Request\r\n\r\n', '\x04\x5a', '\x05', ''])('that says %j is PROXY', async (says) => {
      const { port } = await rawServer(says, 'end');
      const transport = testTransport({ proxy: `socks5h://127.0.0.1:${port}` });
      await expect(collect(transport, { url: 'http://hub.example/' })).rejects.toMatchObject({ code: 'PROXY' });
    });

    test.each([`socks5://${'u'.repeat(256)}:p@host`, 'socks5://:p@host', 'socks5://'])(
      '%s is a bad setting',
      (proxy) => {
        expect(() => testTransport({ proxy })).toThrow(/proxy cannot be/);
      },
    );
  });
});

test('a proxy that reaches no IPv6 is asked for IPv4, over a connection of its own', async () => {
  const hub = await httpServer((_, response) => response.end('x'));
  const proxy = await socksServer(hub.port, { refuse: (kind) => (kind === IPV6 ? 4 : 0) });
  const addresses = [
    { address: '2001:db8::1', family: 6 },
    { address: '2001:db8::2', family: 6 },
    { address: '192.0.2.1', family: 4 },
  ];
  const dialler = new Dialler({
    proxyFor: chooseProxy({ proxy: `socks5://${proxy.host}`, httpProxy: `socks5://${proxy.host}` }),
    trust: new Trust([]),
    connectTimeoutMs: 20_000,
    maxConnectionsPerHost: 8,
    names: new Names((name) => (name === 'hub' ? Promise.resolve(addresses) : Promise.reject(new Error(name)))),
  });
  (await dialler.dial({ protocol: 'http:', hostname: 'hub', port: 80 })).destroy();
  expect(proxy.asked.map(({ kind }) => kind)).toEqual([IPV6, IPV4]);
});

const PROXY: SocksProxy = { kind: 'socks', hostname: 'p', port: 1, host: 'p:1', names: 'there' };

/** The other side says these pieces, whatever it hears, and ends. */
function scripted(pieces: readonly Buffer[]): Duplex {
  const waiting = [...pieces];
  return new Duplex({
    read() {
      this.push(waiting.shift() ?? null);
    },
    write: (_chunk, _encoding, done) => done(),
  });
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...[...at].map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
  return pieces.filter((piece) => piece.length > 0);
}

const cuts = fc.array(fc.nat(), { maxLength: 6 });

test('whatever a proxy answers, in whatever pieces: a tunnel or PROXY', async () => {
  const answer = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.of(5, 0, ...rest)),
    fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.of(5, 0, 5, 0, ...rest)),
  );
  await fc.assert(
    fc.asyncProperty(answer, cuts, async (bytes, at) => {
      const opening = openSocks(scripted(cut(Buffer.from(bytes), at)), { hostname: 'hub', port: 80 }, PROXY);
      const end = await opening.then(
        () => 'open',
        (error: unknown) => (error instanceof SluiceError ? error.code : error),
      );
      const isOpen = bytes[0] === 5 && bytes[1] === 0 && bytes[2] === 5 && bytes[3] === 0 && end === 'open';
      expect(isOpen || end === 'PROXY').toBe(true);
    }),
  );
});

test('not one byte of the tunnel is lost or taken, however the answer is cut', async () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => [1, ...bytes]),
    fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => [4, ...bytes]),
    fc.uint8Array({ maxLength: 255 }).map((bytes) => [3, bytes.length, ...bytes]),
  );
  await fc.assert(
    fc.asyncProperty(address, fc.uint8Array({ minLength: 1, maxLength: 50 }), cuts, async (bound, body, at) => {
      const answer = Buffer.of(5, 0, 5, 0, 0, ...bound, 0, 80, ...body);
      const socket = scripted(cut(answer, at));
      await openSocks(socket, { hostname: 'hub', port: 80 }, PROXY);
      const rest: Buffer[] = [];
      for await (const chunk of socket) rest.push(chunk as Buffer);
      expect(Buffer.concat(rest)).toEqual(Buffer.from(body));
    }),
  );
});
