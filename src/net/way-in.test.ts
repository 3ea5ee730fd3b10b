import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';

import { Depth, depthOf } from './address-kind.js';
import { Names } from './names.js';
import type { Transport } from './port.js';
import { collect } from './testing/collect.js';
import { httpServer } from './testing/servers.js';
import type { TransportOptions } from './transport-options.js';
import { createTransport } from './transport.js';
import { namedHosts, WayIn } from './way-in.js';

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

describe('who may lead where', () => {
  const world: World = {
    'public.test': ['1.1.1.1'],
    'private.test': ['10.0.0.1'],
    'carrier.test': ['100.64.0.1'],
    'machine.test': ['127.0.0.2'],
    'link.test': ['169.254.7.7'],
    'cloud.test': ['168.63.129.16'],
    'private-and-machine.test': ['10.0.0.1', '127.0.0.1'],
    'machine-and-link.test': ['169.254.169.254', '127.0.0.1'],
  };
  const targets = [
    ...Object.keys(world),
    ...'2.2.2.2 10.0.0.2 [fd00::1] 127.0.0.1 [::1] 0.0.0.0 169.254.169.254 [fe80::1] [fd00:ec2::254] 100.100.100.200 168.63.129.16'.split(' '), // prettier-ignore
  ];
  const outside = ['public.test', '2.2.2.2'];
  const network = [...outside, 'private.test', 'carrier.test', 'private-and-machine.test', '10.0.0.2', '[fd00::1]'];
  const machine = [...network, 'machine.test', 'machine-and-link.test', '127.0.0.1', '[::1]', '0.0.0.0'];
  test.each([
    ['public.test', outside],
    ['1.2.3.4', outside],
    ['168.63.129.16', network],
    ['private.test', network],
    ['private-and-machine.test', network],
    ['192.168.0.1', network],
    ['link.test', network],
    ['169.254.1.1', network],
    ['machine.test', machine],
    ['127.0.0.9', machine],
    ['machine-and-link.test', machine],
  ])('%s', async (giver, may) => {
    const led: string[] = [];
    for (const target of targets.filter((each) => each !== giver)) {
      const wayIn = new WayIn({ names: names(world), proxyFor: () => undefined, namedHosts: () => [] });
      const judged = wayIn.check(new URL(`http://${giver}/`), new URL(`http://${target}/`));
      await judged.then(
        () => led.push(target),
        (thrown: unknown) => expect(thrown).toMatchObject({ code: 'REDIRECTS' }),
      );
    }
    expect(led.sort()).toEqual(may.filter((each) => each !== giver).sort());
  });

  test('anybody to a host that the user named, even on the link', async () => {
    const wayIn = new WayIn({ names: names(world), proxyFor: () => undefined, namedHosts: () => ['169.254.169.254', 'link.test'] }); // prettier-ignore
    for (const target of ['169.254.169.254', 'link.test'])
      await wayIn.check(new URL('http://private.test/'), new URL(`http://${target}/`));
    expect(await wayIn.mayWarm(new URL('http://169.254.169.254/'))).toBe(true);
    expect(await wayIn.mayWarm(new URL('http://169.254.169.253/'))).toBe(false);
  });

  test('a name that one in the network led to is not followed to this machine, nor by others into the network', async () => {
    const known = names({ 'moving.test': ['1.1.1.1', '10.0.0.1', '127.0.0.1'] });
    const wayIn = new WayIn({ names: known, proxyFor: () => undefined, namedHosts: () => [] });
    const addresses = async (): Promise<string[]> => (await known.find('moving.test')).map(({ address }) => address).sort(); // prettier-ignore
    await wayIn.check(new URL('http://10.9.9.9/'), new URL('http://moving.test/'));
    expect(await addresses()).toEqual(['1.1.1.1', '10.0.0.1']);
    await wayIn.check(new URL('http://9.9.9.9/'), new URL('http://moving.test/'));
    expect(await addresses()).toEqual(['1.1.1.1']);
    await wayIn.check(new URL('http://127.0.0.1/'), new URL('http://moving.test/'));
    expect(await addresses()).toEqual(['1.1.1.1']);
  });
});

describe('addresses', () => {
  test.each([
    [
      Depth.link,
      '169.254.169.254 169.254.0.1 fe80::1 fe80::1%eth0 fd00:ec2::254 [fd00:ec2::254] 100.100.100.200 168.63.129.16 ::ffff:a9fe:a9fe 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1',
    ],
    [Depth.machine, '0.0.0.0 127.0.0.1 127.255.255.254 :: ::1 [::1] ::127.0.0.1 ::ffff:127.0.0.1 2002:7f00:1::'],
    [
      Depth.private,
      '10.1.2.3 100.100.100.201 172.16.0.1 172.31.255.255 192.168.0.1 fd00:ec2::253 fec0::1 ::ffff:10.0.0.1 64:ff9b::10.0.0.1',
    ],
    [
      Depth.public,
      '1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 168.63.129.17 172.15.255.255 172.32.0.0 192.167.1.1 198.18.0.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808:: not-an-address',
    ],
  ])('of depth %i: %s', (depth, addresses) => {
    for (const address of addresses.split(' ')) expect([address, depthOf(address)]).toEqual([address, depth]);
  });

  test('however an IPv6 address is written, it is the same', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const short = new URL(`http://[${address}]`).hostname;
        expect(depthOf(address)).toBe(depthOf(short));
      }),
    );
  });

  test('an IPv4 address is as deep inside as its form in IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(depthOf(`::ffff:${address}`)).toBe(depthOf(address));
        expect(depthOf(`64:ff9b::${address}`)).toBe(depthOf(address));
      }),
    );
  });
});
