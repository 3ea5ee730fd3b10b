import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';

import { isInside } from './address-kind.js';
import { Names } from './names.js';
import type { Transport } from './port.js';
import { collect } from './testing/collect.js';
import { httpServer } from './testing/servers.js';
import type { TransportOptions } from './transport-options.js';
import { createTransport } from './transport.js';
import { namedHosts } from './way-in.js';

const HERE = '127.0.0.1';
/** An address outside that nothing can be reached at, which shows at once. */
const OUTSIDE = '255.255.255.255';

/** What name servers say at the moment. */
type World = Record<string, readonly string[]>;

/** A host that answers here and counts as public, one that has no other than private addresses, and one that nobody can reach. */
const usual = (): World => ({ 'public.test': [HERE, OUTSIDE], 'inside.test': [HERE], 'mixed.test': [HERE, OUTSIDE] });

function names(world: World): Names {
  let nowMs = 0;
  return new Names(
    (name) => Promise.resolve((world[name] ?? []).map((address): LookupAddress => ({ address, family: 4 }))),
    // Every answer is old when it is looked at again.
    () => (nowMs += 11 * 60_000),
  );
}

describe.each([true, false])('with the fast road: %s', (fast) => {
  function open(world: World, options: TransportOptions = {}): Transport {
    const transport = createTransport({ fast, connectTimeoutMs: 5000, ...options }, names(world));
    onTestFinished(() => transport.close());
    return transport;
  }

  /** Two servers: one leads to `location`, the other holds what must not be read. */
  async function servers(location: (port: number) => string) {
    const secret = await httpServer((_, response) => response.end('secret'));
    const first = await httpServer((_, response) => response.writeHead(302, { location: location(secret.port) }).end());
    return { secret, first };
  }

  test.each([
    (port: number) => `http://127.0.0.1:${port}/`,
    (port: number) => `http://2130706433:${port}/`,
    (port: number) => `http://0.0.0.0:${port}/`,
    (port: number) => `http://[::ffff:127.0.0.1]:${port}/`,
    (port: number) => `http://localhost:${port}/`,
    (port: number) => `http://inside.test:${port}/`,
  ])('a public host does not lead inside: %s', async (location) => {
    const { secret, first } = await servers(location);
    const redirects: string[] = [];
    const got = collect(open(usual()), {
      url: `http://public.test:${first.port}/`,
      onRedirect: (target) => redirects.push(target),
    });
    await expect(got).rejects.toMatchObject({ code: 'REDIRECTS', message: expect.stringContaining('private network') as string }); // prettier-ignore
    expect([first.requests.length, secret.requests.length, redirects]).toEqual([1, 0, []]);
  });

  test('nor do URLs that it names in an answer', async () => {
    const { secret } = await servers(() => '/');
    const givenBy = 'http://public.test/';
    for (const url of [secret.origin, `http://inside.test:${secret.port}/`])
      await expect(collect(open(usual()), { url, givenBy })).rejects.toMatchObject({ code: 'REDIRECTS' });
    expect(secret.requests).toEqual([]);
  });

  test('hosts inside, and the user, may lead inside', async () => {
    const { first } = await servers((port) => `http://inside.test:${port}/`);
    expect((await collect(open(usual()), { url: first.origin })).body).toBe('secret');
    const named = open(usual(), { namedHosts: namedHosts(['http://inside.test:1/x', undefined]) });
    expect((await collect(named, { url: `http://public.test:${first.port}/` })).body).toBe('secret');
  });

  test('a public name is dialled at its public addresses alone', async () => {
    const { secret, first } = await servers((port) => `http://mixed.test:${port}/`);
    const got = collect(open(usual()), { url: `http://public.test:${first.port}/` });
    await expect(got).rejects.toMatchObject({ code: 'CONNECT' });
    expect(secret.requests).toEqual([]);
  });

  test('a public name that moves inside afterwards is not followed there', async () => {
    const { secret, first } = await servers((port) => `http://moving.test:${port}/`);
    const world = { ...usual(), 'moving.test': [OUTSIDE] };
    const transport = open(world);
    const url = `http://public.test:${first.port}/`;
    await expect(collect(transport, { url })).rejects.toMatchObject({ code: 'CONNECT' });
    world['moving.test'] = [HERE];
    await expect(collect(transport, { url })).rejects.toMatchObject({ code: 'DNS' });
    expect(secret.requests).toEqual([]);
  });

  test('a host that was public once is not believed to be inside', async () => {
    const { secret, first } = await servers((port) => `http://inside.test:${port}/`);
    const world = usual();
    const transport = open(world);
    const url = `http://public.test:${first.port}/`;
    await expect(collect(transport, { url })).rejects.toMatchObject({ code: 'REDIRECTS' });
    world['public.test'] = [HERE];
    await expect(collect(transport, { url })).rejects.toMatchObject({ code: 'REDIRECTS' });
    expect(secret.requests).toEqual([]);
  });

  test('connections that are opened ahead keep to it as well', async () => {
    const { secret, first } = await servers((port) => `http://mixed.test:${port}/`);
    const transport = open(usual());
    transport.warm?.(`http://mixed.test:${secret.port}/`, 1);
    const got = collect(transport, { url: `http://public.test:${first.port}/` });
    await expect(got).rejects.toMatchObject({ code: 'CONNECT' });
    expect(secret.requests).toEqual([]);
  });
});

describe('addresses', () => {
  test.each(
    '0.0.0.0 10.1.2.3 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.168.0.1 :: ::1 fe80::1 fe80::1%eth0 fd00:ec2::254 [::1] ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 2002:7f00:1::'.split(
      ' ',
    ),
  )('%s is inside', (address) => expect(isInside(address)).toBe(true));

  test.each(
    '1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.167.1.1 198.18.0.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808:: not-an-address'.split(
      ' ',
    ),
  )('%s is not', (address) => expect(isInside(address)).toBe(false));

  test('however an IPv6 address is written, it is the same', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const short = new URL(`http://[${address}]`).hostname;
        expect(isInside(address)).toBe(isInside(short));
      }),
    );
  });

  test('an IPv4 address is as far inside as its form in IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isInside(`::ffff:${address}`)).toBe(isInside(address));
        expect(isInside(`64:ff9b::${address}`)).toBe(isInside(address));
      }),
    );
  });
});
