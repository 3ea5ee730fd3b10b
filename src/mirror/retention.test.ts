import { mkdtemp, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SluiceEvent } from '../base/index.js';
import { listBlobs, openStore, type Store } from '../store/index.js';
import { Retention, type RetentionOptions } from './retention.js';

let root: string;
let store: Store;
let events: SluiceEvent[];
let nowMs: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-retention-'));
  store = await openStore(root);
  events = [];
  nowMs = Date.now() + 60_000;
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (options: Partial<RetentionOptions> = {}): Retention =>
  new Retention({
    store,
    maxBytes: 3500,
    minFreeBytes: 0,
    isPinned: () => false,
    heldDigests: () => Promise.resolve(new Set()),
    emit: (event) => events.push(event),
    now: () => (nowMs += 1000),
    ...options,
  });

/** A blob of a thousand bytes that was given out now. */
async function keep(retention: Retention, fill: string, name = `hf:acme/${fill}`): Promise<string> {
  const bytes = Buffer.alloc(1000, fill);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await retention.makeRoom(bytes.length);
  await store.putBytes(bytes, { sha256, sizeBytes: bytes.length, digests: {} });
  retention.used(sha256, name);
  await new Promise((resolve) => setTimeout(resolve, 30));
  return sha256;
}

async function here(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const { sha256 } of listBlobs(store)) found.add(sha256);
  return found;
}

test('what was not asked for longest makes room, and it is said', async () => {
  const retention = open();
  const [a, b, c] = [await keep(retention, 'a'), await keep(retention, 'b'), await keep(retention, 'c')];
  retention.used(a, 'hf:acme/a');
  const d = await keep(retention, 'd');
  expect(await here()).toEqual(new Set([a, c, d]));
  expect(events).toMatchObject([{ type: 'mirror.evicted', sha256: b, bytes: 1000, names: ['hf:acme/b'] }]);
});

test('the order is known again after a restart', async () => {
  const first = open();
  const [a, b, c] = [await keep(first, 'a'), await keep(first, 'b'), await keep(first, 'c')];
  const again = open();
  const d = await keep(again, 'd');
  expect(await here()).toEqual(new Set([b, c, d]));
  expect(events).toMatchObject([{ sha256: a }]);
});

test('what is pinned, or held by a model of this machine, stays, and then there may be no room', async () => {
  const held = new Set<string>();
  const retention = open({ isPinned: (name) => name === 'hf:acme/a', heldDigests: () => Promise.resolve(held) });
  const a = await keep(retention, 'a');
  const b = await keep(retention, 'b');
  held.add(b);
  expect(await retention.makeRoom(2000)).toBe(false);
  expect(await here()).toEqual(new Set([a, b]));
  expect(await retention.makeRoom(1000)).toBe(true);
});

test('room on the disk counts as well', async () => {
  const free = await store.freeBytes();
  const retention = open({ maxBytes: undefined, minFreeBytes: free + 2 ** 40 });
  const a = await keep(retention, 'a');
  expect(await retention.makeRoom(1000)).toBe(false);
  expect((await here()).has(a)).toBe(false);
});
