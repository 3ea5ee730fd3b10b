import { afterEach, expect, test } from 'vitest';
import { NETWORKS, seededContent, startSim, type Sim, type SimOptions } from './index.js';
import { Line } from './line.js';
import { seededRandom } from './random.js';
import { ask } from './testing/ask.js';
import { TokenBucket } from './token-bucket.js';

const content = seededContent({ seed: 1, sizeBytes: 1_000_000 });
let sim: Sim | undefined;
afterEach(() => sim?.stop());
const start = async (options: SimOptions = {}): Promise<Sim> =>
  (sim = await startSim({ folders: { f: { 'a.bin': content } }, ...options }));

test('lets bytes pass at the rate, after a small burst', async () => {
  let nowMs = 1000;
  const bucket = new TokenBucket(1_000_000, {
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  });
  for (let count = 0; count < 20; count += 1) await bucket.take(10_000);
  expect(nowMs).toBe(1000 + 200 - 20);
  nowMs += 5000;
  await bucket.take(20_000);
  expect(nowMs).toBe(6180);
});

test('deals slow connections by the seed', () => {
  const deal = (seed: number): boolean[] => {
    const line = new Line({ slowShare: 0.5, slowBytesPerSecond: 1 }, seededRandom(seed));
    return Array.from({ length: 32 }, () => line.connection({} as never).isSlow);
  };
  expect(deal(1)).toEqual(deal(1));
  expect(deal(1)).toContain(true);
  expect(deal(1)).toContain(false);
});

test('breaks its share of the answers within their length', () => {
  const line = new Line({ resetShare: 0.5 }, seededRandom(1));
  const breaks = Array.from({ length: 100 }, () => line.breakAfter(1000));
  expect(breaks.filter((at) => at !== undefined).length).toBeGreaterThan(25);
  expect(breaks.every((at) => at === undefined || at < 1000)).toBe(true);
});

test('dies after so many bytes, refuses connections, and comes back', async () => {
  const hub = await start({ dieAfterBytes: 300_000 });
  const url = `${hub.url}/files/f/a.bin`;
  const cut = await ask(url);
  expect(cut.end).toBe('cut');
  expect((await ask(url)).error).toContain('ECONNREFUSED');
  await hub.revive();
  expect((await ask(url)).body.length).toBe(1_000_000);
});

test('serves through every named network', async () => {
  for (const name of Object.keys(NETWORKS) as (keyof typeof NETWORKS)[]) {
    const hub = await start({ network: name });
    const { status } = await ask(`${hub.url}/files/f/a.bin`, { range: 'bytes=0-99' });
    expect([0, 206]).toContain(status);
    await hub.stop();
  }
});

test('records who asked for what over which connection', async () => {
  const hub = await start();
  await ask(`${hub.url}/files/f/a.bin?x=1`, { range: 'bytes=0-99', authorization: 'Bearer t' });
  await ask(`${hub.url}/files/f/none`);
  expect(
    hub.requests.map(({ kind, status, bytes, range, authorization }) => [kind, status, bytes, range, authorization]),
  ).toEqual([
    ['plain', 206, 100, 'bytes=0-99', 'Bearer t'],
    ['plain', 404, 10, undefined, undefined],
  ]);
  expect(hub.connections).toBe(2);
  hub.forget();
  expect(hub.requests).toHaveLength(0);
});
