import { EventEmitter } from 'node:events';
import type { OnReadOpts, Socket } from 'node:net';
import fc from 'fast-check';
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
    isReading: true,
    ref() {},
    unref() {},
    write() {},
    pause() {
      socket.isReading = false;
    },
    resume() {
      socket.isReading = true;
    },
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
  return { connection, land, socket };
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

/** An exchange by hand whose sink wants the body in `memory`, one room of `roomBytes` after the other. */
async function intoMemory(bodyBytes: number, roomBytes: number, onData: (chunk: Buffer) => void | Promise<void>) {
  const { connection, land, socket } = await connectionByHand();
  const memory = Buffer.alloc(bodyBytes);
  const ending = new AbortController();
  let position = 0;
  const exchange = new Exchange(
    connection,
    {
      url: new URL('https://h/f'),
      headers: {},
      signal: ending.signal,
      onWire: () => {},
      sink: {
        onHead: () => true,
        room: () => memory.subarray(position, position - (position % roomBytes) + roomBytes),
        onData: (chunk) => {
          chunk.copy(memory, position);
          position += chunk.length;
          return onData(chunk);
        },
      },
    },
    { headTimeoutMs: 5000, idleMs: 5000 },
  );
  // Who asks for its end only later must not miss it.
  exchange.end.catch(() => undefined);
  exchange.start('GET');
  land(Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${bodyBytes}\r\n\r\n`));
  return { exchange, land, memory, ending, socket, brought: () => position };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the records of one turn reach the memory of the sink as one chunk, also when the request ends then', async () => {
  const chunks: number[] = [];
  const body = Buffer.alloc(100_000, 'records');
  const { land, memory, ending, exchange, brought } = await intoMemory(
    body.length,
    64_000,
    (chunk) => void chunks.push(chunk.length),
  );
  for (let at = 0; at < 48_000; at += 16_000) land(body.subarray(at, at + 16_000));
  await turn();
  for (let at = 48_000; at < 96_000; at += 16_000) land(body.subarray(at, at + 16_000));
  ending.abort();
  await expect(exchange.end).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(chunks).toEqual([48_000, 16_000, 32_000]);
  expect(memory.subarray(0, brought()).equals(body.subarray(0, 96_000))).toBe(true);
});

test('a connection is read from again for its next guest, though all of the answer came behind a pause', async () => {
  const { exchange, land, socket } = await intoMemory(1000, 1000, () => turn());
  land(Buffer.alloc(400));
  await turn();
  expect(socket.isReading).toBe(false);
  land(Buffer.alloc(600));
  expect(await exchange.end).toMatchObject({ kind: 'done' });
  expect(socket.isReading).toBe(true);
});

test('whatever comes in one turn, and whenever the sink is busy, its memory holds the body in order', async () => {
  const records = fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.boolean(), fc.boolean()), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(records, fc.integer({ min: 500, max: 9000 }), async (each, roomBytes) => {
      const body = Buffer.from(Array.from({ length: each.reduce((sum, [bytes]) => sum + bytes, 1) }, (_, at) => at ^ (at >> 8))); // prettier-ignore
      let isBusy = false;
      const { exchange, land, memory } = await intoMemory(body.length, roomBytes, () => (isBusy ? turn() : undefined));
      let at = 0;
      for (const [bytes, endsTurn, busy] of each) {
        isBusy = busy;
        land(body.subarray(at, at + bytes));
        at += bytes;
        if (endsTurn) await turn();
      }
      land(body.subarray(at));
      expect(await exchange.end).toMatchObject({ kind: 'done' });
      expect(memory.equals(body)).toBe(true);
    }),
    { numRuns: 60 },
  );
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
