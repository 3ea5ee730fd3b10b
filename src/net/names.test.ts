import type { LookupAddress } from 'node:dns';
import { expect, test } from 'vitest';

import { Dialler } from './dial.js';
import { Trust } from './trust.js';
import { Names } from './names.js';
import { httpServer } from './testing/servers.js';

const four = (address: string): LookupAddress => ({ address, family: 4 });
const six = (address: string): LookupAddress => ({ address, family: 6 });

/** A name server that says what it is told at the moment, and a clock. */
function scripted(answer: readonly LookupAddress[]) {
  const world = { answer: answer as readonly LookupAddress[] | Error, asked: 0, nowMs: 0 };
  const names = new Names(
    () => {
      world.asked += 1;
      return world.answer instanceof Error ? Promise.reject(world.answer) : Promise.resolve(world.answer);
    },
    () => world.nowMs,
  );
  const find = async (): Promise<string> => (await names.find('a')).map(({ address }) => address).join(' ');
  return { world, names, find };
}

test('a name is asked for once, however many connections want it, and again after a minute', async () => {
  const { world, find } = scripted([four('1.0.0.1')]);
  await Promise.all(Array.from({ length: 16 }, find));
  world.nowMs = 59_000;
  await find();
  expect(world.asked).toBe(1);
  world.answer = [four('1.0.0.2')];
  world.nowMs = 61_000;
  // The old answer serves while the new one is fetched.
  expect([await find(), world.asked]).toEqual(['1.0.0.1', 2]);
  expect([await find(), world.asked]).toEqual(['1.0.0.2', 2]);
});

test('an old answer stands in for name servers that are silent, but not for ever', async () => {
  const { world, find } = scripted([four('1.0.0.1')]);
  await find();
  world.answer = Object.assign(new Error('silent'), { code: 'EAI_AGAIN' });
  world.nowMs = 9 * 60_000;
  expect(await find()).toBe('1.0.0.1');
  world.nowMs = 11 * 60_000;
  await expect(find()).rejects.toMatchObject({ code: 'EAI_AGAIN' });
});

test('a name that does not exist is not remembered', async () => {
  const { world, find } = scripted([]);
  await expect(find()).rejects.toMatchObject({ code: 'ENOTFOUND' });
  world.answer = [four('1.0.0.1')];
  expect(await find()).toBe('1.0.0.1');
});

test('connections spread over the addresses of a family; families stay in their order', async () => {
  const { find } = scripted([six('::1'), four('1.0.0.1'), six('::2'), four('1.0.0.2')]);
  expect([await find(), await find(), await find()]).toEqual([
    '::1 ::2 1.0.0.1 1.0.0.2',
    '::2 ::1 1.0.0.2 1.0.0.1',
    '::1 ::2 1.0.0.1 1.0.0.2',
  ]);
});

test('when no address answered, the name is asked for again', async () => {
  const { world, names, find } = scripted([four('1.0.0.1')]);
  await find();
  names.failed('a');
  world.answer = [four('1.0.0.2')];
  expect([await find(), world.asked]).toEqual(['1.0.0.2', 2]);
  names.failed('a');
  world.answer = Object.assign(new Error('silent'), { code: 'EAI_AGAIN' });
  expect(await find()).toBe('1.0.0.2');
});

test('an address that refuses is passed over at once, and tried last by those who come after', async () => {
  const server = await httpServer((_, response) => response.end('x'));
  // Nobody listens on the second address, and a family of which this machine has no address fails as fast.
  const { world, names, find } = scripted([four('127.0.0.9'), four('127.0.0.1')]);
  const dialler = new Dialler({
    proxyFor: () => undefined,
    trust: new Trust([]),
    connectTimeoutMs: 5000,
    maxConnectionsPerHost: 8,
    names,
  });
  const dial = async (): Promise<string | undefined> => {
    const socket = await dialler.dial({ protocol: 'http:', hostname: 'a', port: server.port });
    const { remoteAddress } = socket;
    socket.destroy();
    return remoteAddress;
  };
  expect(await dial()).toBe('127.0.0.1');
  expect([await find(), await find()]).toEqual(['127.0.0.1 127.0.0.9', '127.0.0.1 127.0.0.9']);
  expect(await dial()).toBe('127.0.0.1');
  expect(world.asked).toBe(1);
});
