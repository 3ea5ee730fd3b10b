import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import type { SpareThreads } from '../../base/index.js';
import type { Transport } from '../../net/index.js';
import type { Store } from '../../store/index.js';
import { SharedBucket } from '../budget/shared-bucket.js';
import { plainFailure } from '../carry/plain-failure.js';
import { createCouriers, type Couriers } from './couriers.js';
import type { BatchOrder, FromCourier, ToCourier } from './messages.js';

/** A thread that does nothing by itself: what it was sent, and a way to say something in its name. */
class FakeThread extends EventEmitter {
  readonly sent: ToCourier[] = [];
  isTerminated = false;
  endTermination!: () => void;
  readonly #termination = new Promise<void>((resolve) => (this.endTermination = resolve));

  postMessage(message: ToCourier): void {
    // The first one is what it starts with.
    if ('type' in message) this.sent.push(message);
  }

  async terminate(): Promise<void> {
    this.isTerminated = true;
    await this.#termination;
  }

  say(...messages: readonly FromCourier[]): void {
    this.emit('message', messages);
  }
}

const ORDER: BatchOrder = { source: 'a', files: [], slot: new SharedArrayBuffer(8), looksFirst: false };
const SILENT = { onFile: () => undefined, onRedirect: () => undefined, onPause: () => undefined };
const SHA256S = Array.from({ length: 500 }, (_, index) => createHash('sha256').update(String(index)).digest('hex'));

function setUp(): { couriers: Couriers; threads: FakeThread[] } {
  const threads: FakeThread[] = [];
  const take = (): FakeThread => {
    const thread = new FakeThread();
    threads.push(thread);
    return thread;
  };
  const couriers = createCouriers({
    transport: { blueprint: {} } as unknown as Transport,
    limiter: new SharedBucket(),
    store: { root: '/nowhere' } as unknown as Store,
    threads: 3,
    spare: { take } as unknown as SpareThreads,
  });
  return { couriers, threads };
}

/** Three orders, one a thread, which bring these blobs and end. */
async function fill(couriers: Couriers, threads: readonly FakeThread[], sha256s: readonly string[]): Promise<void> {
  const errands = [0, 1, 2].map(() => couriers.bring(ORDER, SILENT));
  for (const [at, thread] of threads.entries()) {
    const last = thread.sent.at(-1);
    const id = last !== undefined && 'id' in last ? last.id : 0;
    const mine = sha256s.filter((_, index) => index % threads.length === at);
    for (const sha256 of mine)
      thread.say({ type: 'file', id, report: { kind: 'stored', at: 0, sha256, checks: [], ms: 1 } });
    thread.say({ type: 'ended', id, end: { requests: 1 } });
  }
  await Promise.all(errands.map(({ ended }) => ended));
}

const syncsOf = ({ sent }: FakeThread) => sent.filter((message) => message.type === 'sync');

it('what was stored is made durable by all of them, each folder by one', async () => {
  const { couriers, threads } = setUp();
  await fill(couriers, threads, SHA256S);
  const synced = couriers.sync();
  const shares = threads.map((thread) => syncsOf(thread).flatMap(({ sha256s }) => sha256s));
  for (const thread of threads) for (const { id } of syncsOf(thread)) thread.say({ type: 'synced', id });
  await synced;
  expect(shares.map((share) => share.length > 0)).toEqual([true, true, true]);
  expect(shares.flat().sort()).toEqual([...SHA256S].sort());
  const folders = shares.flatMap((share) => [...new Set(share.map((sha256) => sha256.slice(0, 2)))]);
  expect(new Set(folders).size).toBe(folders.length);
});

it('one of them that cannot is told of, once the others are done', async () => {
  const { couriers, threads } = setUp();
  await fill(couriers, threads, SHA256S);
  let isOver = false;
  const synced = couriers.sync().finally(() => (isOver = true));
  const [first, ...others] = threads.map((thread) => ({ thread, id: syncsOf(thread)[0]?.id ?? 0 }));
  const failure = plainFailure(Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'fsync' }));
  first?.thread.say({ type: 'synced', id: first.id, failure });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  for (const { thread, id } of others) thread.say({ type: 'synced', id });
  await expect(synced).rejects.toMatchObject({ code: 'DISK_FULL' });
});

it('an end waits for those that are at something, and for no others', async () => {
  const { couriers, threads } = setUp();
  await fill(couriers, threads, []);
  await couriers.close();
  expect(threads.map(({ isTerminated }) => isTerminated)).toEqual([true, true, true]);

  const other = setUp();
  const { ended } = other.couriers.bring(ORDER, SILENT);
  let isOver = false;
  const closed = other.couriers.close().finally(() => (isOver = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect([isOver, other.threads[0]?.isTerminated]).toEqual([false, true]);
  other.threads[0]?.endTermination();
  await closed;
  expect(await ended).toMatchObject({ failure: { code: 'INTERRUPTED' } });
});
