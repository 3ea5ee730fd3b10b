import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { SpareThreads } from '../../base/index.js';
import { WriteTurn } from '../../base/index.js';
import { createSlabMemory } from '../../proof/index.js';
import type { BodySink, GetRequest, ResponseHead, Transport } from '../../net/index.js';
import { SharedBucket } from '../budget/shared-bucket.js';
import { createCarriers, type Carriers, type CarryListener } from './carriers.js';
import type { CarryOrder, RunMode, ToCarrier } from './messages.js';
import { Slot } from './slot.js';

const PIECE_BYTES = 1000;
/** Of an answer that gives all of the file. */
const HEAD = {
  url: 'http://one/file',
  status: 200,
  headers: { 'content-length': String(PIECE_BYTES) },
} as ResponseHead;
const folder = mkdtempSync(join(tmpdir(), 'sluice-carriers-'));
const dataPath = join(folder, 'data');
writeFileSync(dataPath, Buffer.alloc(PIECE_BYTES));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const listener: CarryListener = {
  onRedirect: () => undefined,
  onHead: () => undefined,
  onLanded: () => undefined,
  onWritten: () => undefined,
  onReached: () => 'stop',
};

/** A thread that only takes note of what it is told. */
class FakeThread extends EventEmitter {
  readonly told: ToCarrier[] = [];
  readonly performance = { eventLoopUtilization: () => ({ active: 0, idle: 0, utilization: 0 }) };
  postMessage(message: ToCarrier): void {
    if ('type' in message) this.told.push(message);
  }
  terminate = () => Promise.resolve(0);
  /** What a thread posts once it is up. */
  comeUp(): void {
    this.emit('message', []);
  }
  get hosts(): string[] {
    return this.told.flatMap((message) => (message.type === 'carry' ? [new URL(message.order.wire.url).host] : []));
  }
}

function rig(beginsHere: boolean) {
  const threads: FakeThread[] = [];
  /** Threads that the system gives. */
  const system = { most: Infinity };
  const spare = {
    take: () => {
      if (threads.length >= system.most) throw new Error('no more threads');
      threads.push(new FakeThread());
      return threads.at(-1);
    },
  } as unknown as SpareThreads;
  /** What was asked by this thread: its answers begin when they are told to, and do not end before the request is called off. */
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  /** Requests of this thread that were called off, and are over. */
  const over: string[] = [];
  const transport = {
    blueprint: {},
    requestCount: 0,
    get: ({ url, signal }: GetRequest, sink: BodySink) => {
      asked.push(new URL(url).host);
      answers.push(() => sink.onHead(HEAD));
      return new Promise<void>((_, reject) =>
        signal.addEventListener('abort', () =>
          setImmediate(() => {
            over.push(new URL(url).host);
            reject(new Error('called off'));
          }),
        ),
      );
    },
    close: () => Promise.resolve(),
  } as unknown as Transport;
  const carriers = createCarriers({
    ...{ transport, limiter: new SharedBucket(), slabs: createSlabMemory(4), threads: 2, spare, beginsHere },
  });
  return { threads, system, asked, answers, over, carriers };
}

function carry(carriers: Carriers, host: string, mode: RunMode = 'range') {
  const order: CarryOrder = {
    ...{ wire: { url: `http://${host}/file` }, asked: { path: 'file', source: host, sizeBytes: PIECE_BYTES }, mode },
    ...{ dataPath, pieceBytes: PIECE_BYTES, first: 0, filledBytes: 0, isFirstWanted: true, algorithm: 'crc32' },
    ...{ slot: Slot.create(0, 0).shared, turn: new WriteTurn().shared, residents: undefined, isShown: false },
  };
  return carriers.carry(order, listener);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the first runs to each host go by this thread, and the others are started once one is answered', async () => {
  const { threads, asked, answers, carriers } = rig(true);
  carriers.warm();
  const runs = ['one', 'one', 'two'].map((host) => carry(carriers, host));
  await turn();
  expect(asked).toEqual(['one', 'one', 'two']);
  expect(threads).toHaveLength(0);
  answers[1]?.();
  await turn();
  expect(threads).toHaveLength(2);
  // Up to four to each; further ones wait for threads.
  runs.push(...Array.from({ length: 5 }, () => carry(carriers, 'one')));
  await turn();
  expect(asked).toEqual(['one', 'one', 'two', 'one', 'one']);
  expect(threads.flatMap(({ hosts }) => hosts)).toEqual(['one', 'one', 'one']);
  expect(threads).toHaveLength(2);
  for (const run of runs) run.stop(true);
  expect((await runs[0]?.ended)?.outcome).toMatchObject({ failure: {} });
  await carriers.close();
});

/** With a thread that is up, behind one run that is under way here. */
async function rigUp() {
  const made = rig(true);
  const first = carry(made.carriers, 'one');
  await turn();
  made.answers[0]?.();
  await turn();
  made.threads[0]?.comeUp();
  return { ...made, first };
}

test('once a thread is up nothing more goes by this one', async () => {
  const { threads, asked, carriers, first } = await rigUp();
  const second = carry(carriers, 'one');
  expect(threads.flatMap(({ hosts }) => hosts)).toEqual(['one']);
  first.stop(true);
  await first.ended;
  expect(asked).toEqual(['one']);
  await carriers.close();
  expect((await second.ended).outcome).toMatchObject({ failure: {} });
});

test('a whole file, whose every piece is a question, is not taken by this thread; nor is anything of a service', async () => {
  const whole = rig(true);
  carry(whole.carriers, 'one', 'whole');
  const service = rig(false);
  service.carriers.warm();
  expect(service.threads).toHaveLength(2);
  carry(service.carriers, 'one');
  await turn();
  for (const { threads, asked } of [whole, service]) {
    expect(asked).toEqual([]);
    expect(threads.flatMap(({ hosts }) => hosts)).toEqual(['one']);
  }
  await Promise.all([whole.carriers.close(), service.carriers.close()]);
});

test('threads are not started behind a transfer that is over', async () => {
  const { threads, answers, carriers } = rig(true);
  const run = carry(carriers, 'one');
  await turn();
  answers[0]?.();
  run.stop(true);
  await carriers.close();
  await turn();
  expect(threads).toHaveLength(0);
});

test.each([
  ['with an error', (thread?: FakeThread) => thread?.emit('error', new Error('out of memory'))],
  ['without a word', (thread?: FakeThread) => thread?.emit('exit', 1)],
])('a thread that dies %s takes only its own runs with it, and others are started in its place', async (_way, die) => {
  const { threads, asked, answers, carriers, first } = await rigUp();
  const second = carry(carriers, 'one');
  let isFirstOver = false;
  void first.ended.then(() => (isFirstOver = true));
  threads.forEach(die);
  // Told of twice.
  threads.forEach((thread) => thread.emit('exit', 1));
  expect((await second.ended).outcome).toMatchObject({ failure: {} });
  expect(isFirstOver).toBe(false);
  carry(carriers, 'one');
  await turn();
  expect(asked).toEqual(['one', 'one']);
  answers[1]?.();
  await turn();
  expect(threads).toHaveLength(4);
  await carriers.close();
});

test('where the system gives no threads, this one does all', async () => {
  const { threads, system, asked, answers, carriers } = rig(true);
  system.most = 0;
  carry(carriers, 'one');
  await turn();
  answers[0]?.();
  await turn();
  for (let count = 0; count < 5; count += 1) carry(carriers, 'one');
  await turn();
  expect([threads.length, asked.length]).toEqual([0, 6]);
  await carriers.close();
});

test('where the system gives fewer threads, these do', async () => {
  const { threads, system, carriers } = rig(false);
  system.most = 1;
  for (let count = 0; count < 3; count += 1) carry(carriers, 'one');
  expect(threads.map(({ hosts }) => hosts)).toEqual([['one', 'one', 'one']]);
  await carriers.close();
});

test('a run of this thread is over before it is said to be, when all is closed in the middle of it', async () => {
  const { over, carriers } = rig(true);
  const run = carry(carriers, 'one');
  const ended = run.ended.then(() => [...over]);
  await turn();
  await carriers.close();
  expect(over).toEqual(['one']);
  expect(await ended).toEqual(['one']);
});
