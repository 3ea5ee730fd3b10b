import { EventEmitter } from 'node:events';
import type { OnReadOpts, Socket } from 'node:net';
import { expect, test } from 'vitest';

import { scriptedServer } from '../testing/scripted-server.js';
import { testTransport } from '../testing/collect.js';
import { BLOCK_BYTES, BlockPool } from './block-pool.js';
import { Connection } from './connection.js';
import { Exchange } from './exchange.js';

/** A connection whose reads are made by hand, as Node makes them: what came is told first, and then the next room is asked for. */
async function connectionByHand() {
  let reading: OnReadOpts | undefined;
  let room: Uint8Array | undefined;
  const socket = Object.assign(new EventEmitter(), {
    destroyed: false,
    closed: false,
    ref() {},
    unref() {},
    write() {},
    pause() {},
    resume() {},
    destroy() {},
  });
  const connection = await Connection.open(
    (onread) => {
      reading = onread;
      return Promise.resolve(socket as unknown as Socket);
    },
    new BlockPool(),
    () => {},
  );
  const nextRoom = (): Uint8Array => (typeof reading?.buffer === 'function' ? reading.buffer() : new Uint8Array());
  room = nextRoom();
  const land = (bytes: Buffer): void => {
    for (let rest = bytes; rest.length > 0;) {
      const part = rest.subarray(0, room?.length);
      room?.set(part);
      reading?.callback(part.length, room ?? part);
      room = nextRoom();
      rest = rest.subarray(part.length);
    }
  };
  return { connection, land };
}

test('what is decrypted behind a pause leaves the chunk alone that the sink still reads, and comes after it', async () => {
  const body = Buffer.alloc(3 * BLOCK_BYTES);
  for (let at = 0; at < body.length; at += 4) body.writeUInt32LE(at, at);
  const { connection, land } = await connectionByHand();
  const brought: Buffer[] = [];
  let release: () => void = () => undefined;
  let held: Buffer | undefined;
  const exchange = new Exchange(
    connection,
    {
      url: new URL('https://h/f'),
      headers: {},
      signal: new AbortController().signal,
      onWire: () => {},
      sink: {
        onHead: () => true,
        onData: (chunk) => {
          held = chunk;
          return new Promise((resolve) => {
            release = () => {
              held = undefined;
              brought.push(Buffer.from(chunk));
              resolve();
            };
          });
        },
      },
    },
    { headTimeoutMs: 5000, idleMs: 5000 },
  );
  exchange.start('GET');
  land(Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`));
  // A TLS record at a time; the sink holds on to its first chunk all the while.
  const records = Array.from({ length: body.length / 16_384 }, (_, at) =>
    body.subarray(at * 16_384, (at + 1) * 16_384),
  );
  for (const record of records) land(record);
  expect(held?.length).toBeGreaterThanOrEqual(BLOCK_BYTES / 2);
  for (let turns = 0; turns < 100 && Buffer.concat(brought).length < body.length; turns += 1) {
    const at = Buffer.concat(brought).length;
    const chunk: Buffer = held ?? Buffer.alloc(0);
    expect(chunk.equals(body.subarray(at, at + chunk.length))).toBe(true);
    release();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(Buffer.concat(brought).equals(body)).toBe(true);
  expect(await exchange.end).toMatchObject({ kind: 'done' });
});

test('a server that goes on behind the end of its answer is cut off, though the sink is still busy', async () => {
  const server = await scriptedServer();
  const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood');
  const surplus = Array.from({ length: 20 }, () => Buffer.from('surplus'));
  server.script = { writes: [answer, ...surplus], then: 'keep' };
  const brought: string[] = [];
  await testTransport().get(
    { url: server.origin, signal: new AbortController().signal },
    {
      onHead: () => true,
      onData: async (chunk) => {
        await expect.poll(() => server.open, { timeout: 5000 }).toBe(0);
        brought.push(chunk.toString());
      },
    },
  );
  expect(brought).toEqual(['good']);
});
