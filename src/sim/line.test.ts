import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import {
  NETWORKS,
  PROFILES,
  seededContent,
  startSim,
  wholeContent,
  type Sim,
  type SimOptions,
  type SimProfile,
} from './index.js';
import { Line } from './line.js';
import { seededRandom } from './random.js';
import { ask } from './testing/ask.js';

const LARGER = seededContent({ seed: 2, sizeBytes: 2_000_000 });
const content = seededContent({ seed: 1, sizeBytes: 1_000_000 });
let sim: Sim | undefined;
afterEach(() => sim?.stop());
const start = async (options: SimOptions = {}): Promise<Sim> =>
  (sim = await startSim({ folders: { f: { 'a.bin': content } }, ...options }));

test('deals slow connections by the seed', () => {
  const deal = (seed: number): boolean[] => {
    const line = new Line({ slowShare: 0.5, slowBytesPerSecond: 1 }, seededRandom(seed));
    return Array.from({ length: 32 }, () => line.connection(new EventEmitter() as never).isSlow);
  };
  expect(deal(1)).toEqual(deal(1));
  expect(deal(1)).toContain(true);
  expect(deal(1)).toContain(false);
});

test('keeps what a connection drew when the network changes, and draws for new ones', () => {
  const lottery = { slowShare: 0.5, slowBytesPerSecond: 1 };
  const line = new Line(lottery, seededRandom(1));
  const connections = Array.from({ length: 32 }, () => line.connection(new EventEmitter() as never));
  const drawn = connections.map(({ isSlow }) => isSlow);
  line.change({});
  expect(connections.some(({ isSlow }) => isSlow)).toBe(false);
  line.change(lottery);
  expect(connections.map(({ isSlow }) => isSlow)).toEqual(drawn);
});

test('gives all together less, the more of them come beyond what it bears', () => {
  const line = new Line({ totalBytesPerSecond: 8e6, collapseBeyond: 8 }, seededRandom(1));
  const ends = Array.from({ length: 8 }, () => line.begin());
  expect(line.totalBytesPerSecond).toBe(8e6);
  ends.push(...Array.from({ length: 8 }, () => line.begin()));
  expect(line.totalBytesPerSecond).toBe(1e6);
  for (const end of ends.splice(0, 8)) end();
  expect(line.totalBytesPerSecond).toBe(8e6);
  const capless = new Line({ connectionBytesPerSecond: 1e6, collapseBeyond: 1 }, seededRandom(1));
  capless.begin();
  expect(capless.totalBytesPerSecond).toBe(Infinity);
  capless.begin();
  expect(capless.totalBytesPerSecond).toBe(125_000);
});

test('pays for a round trip per answer and one more per connection', () => {
  const line = new Line({ rttMs: 100, latencyMs: 7 }, seededRandom(1));
  const connection = line.connection(new EventEmitter() as never);
  expect([connection.headDelayMs(), connection.headDelayMs()]).toEqual([207, 107]);
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

test('serves through every named network, and in every named world', async () => {
  expect(Object.keys(PROFILES)).toEqual(expect.arrayContaining(Object.keys(NETWORKS)));
  for (const profile of Object.values<SimProfile>(PROFILES)) {
    const hub = await start(profile);
    const { status } = await ask(`${hub.url}/files/f/a.bin`, { range: 'bytes=0-99' });
    expect([0, 206]).toContain(status);
    await hub.stop();
  }
});

/** Resolves when the simulator has sent so many bytes. Not in time: the test runs into its own. */
async function sent(hub: Sim, bytes: number): Promise<void> {
  while (hub.sentBytes < bytes) await sleep(5);
}

test('lets a change of network reach answers that are under way', async () => {
  for (const network of [
    { connectionBytesPerSecond: 5000 },
    { totalBytesPerSecond: 5000 },
    { slowShare: 1, slowBytesPerSecond: 5000 },
    { totalBytesPerSecond: 0 },
    { connectionBytesPerSecond: 3_000_000, collapseBeyond: 0.1 },
  ]) {
    const hub = await start({ network });
    // A megabyte at 5 kB/s takes longer than any test may.
    const asked = ask(`${hub.url}/files/f/a.bin`);
    while (hub.requests.length === 0) await sleep(5);
    if (network.totalBytesPerSecond !== 0) await sent(hub, 1);
    expect(hub.sentBytes).toBeLessThan(500_000);
    hub.setNetwork('clean');
    expect((await asked).body.length).toBe(1_000_000);
    await hub.stop();
  }
});

test('slows down answers that are under way', async () => {
  const hub = await start({ network: { connectionBytesPerSecond: 1_000_000 } });
  const asked = ask(`${hub.url}/files/f/a.bin`, {}, { silenceMs: 300 });
  await sent(hub, 1);
  hub.setNetwork({ totalBytesPerSecond: 0 });
  const heard = await asked;
  expect([heard.status, heard.end]).toEqual([200, 'silent']);
  expect(heard.body.length).toBeLessThan(1_000_000);
});

test('falls silent at a point: connections stay, new ones are taken, and it may speak again', async () => {
  const hub = await start({ silentAfterBytes: 300_000, network: { totalBytesPerSecond: 20_000_000 } });
  const url = `${hub.url}/files/f/a.bin`;
  const first = await ask(url, {}, { silenceMs: 300 });
  expect([first.status, first.end]).toEqual([200, 'silent']);
  expect(first.body.length).toBeGreaterThanOrEqual(300_000);
  expect(first.body.length).toBeLessThan(700_000);
  const second = await ask(url, {}, { silenceMs: 300 });
  expect([second.status, second.end]).toEqual([0, 'silent']);
  hub.speak();
  expect((await ask(url)).body.length).toBe(1_000_000);
});

test('has slow edges and fast ones behind one address', async () => {
  const hub = await start({ network: { slowShare: 0.7, slowBytesPerSecond: 5000 } });
  const asked = Array.from({ length: 20 }, () => ask(`${hub.url}/files/f/a.bin`));
  await Promise.race(asked);
  // Those on fast edges end one after the other; a slow one would take three minutes.
  for (let seen = -1; seen !== ended(hub);) {
    seen = ended(hub);
    await sleep(500);
  }
  const slow = hub.requests.filter(({ complete }) => !complete);
  expect(slow.length).toBeGreaterThan(7);
  expect(slow.length).toBeLessThan(20);
  expect(Math.max(...slow.map(({ bytes }) => bytes))).toBeLessThan(500_000);
  hub.setNetwork('clean');
  expect((await Promise.all(asked)).every(({ body }) => body.length === 1_000_000)).toBe(true);
});

function ended({ requests }: Sim): number {
  return requests.filter(({ complete }) => complete).length;
}

test('collapses for as long as too many ask, and recovers', async () => {
  const hub = await start({ network: { totalBytesPerSecond: 4_000_000, collapseBeyond: 2 } });
  const url = `${hub.url}/files/f/a.bin`;
  // Sixteen at once get a 512th of 4 MB/s: none would ever end.
  const crowd = Array.from({ length: 16 }, () => ask(url, {}, { silenceMs: 400 }));
  const ends = (await Promise.all(crowd)).map(({ body }) => body.length);
  expect(Math.max(...ends)).toBeLessThan(1_000_000);
  expect((await ask(url)).body.length).toBe(1_000_000);
});

test('refuses what comes beyond its number at once, with and without a word on when to return', async () => {
  for (const retryAfterSeconds of [undefined, 3]) {
    const fault = { type: 'concurrency-limit', requests: 2, ...(retryAfterSeconds && { retryAfterSeconds }) } as const;
    const hub = await start({ network: { totalBytesPerSecond: 20_000 }, faults: [{ fault }] });
    const url = `${hub.url}/files/f/a.bin`;
    const served = [ask(url), ask(url)];
    await sent(hub, 2);
    while (hub.requests.length < 2) await sleep(5);
    const refused = await ask(url);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, retryAfterSeconds?.toString()]);
    hub.setNetwork('clean');
    expect((await Promise.all(served)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await ask(url)).status).toBe(200);
    await hub.stop();
  }
});

test('lies about one byte and no other', async () => {
  const hub = await start({ ...PROFILES.lies, network: 'clean', folders: { f: { 'b.bin': LARGER } } });
  const { body } = await ask(`${hub.url}/files/f/b.bin`);
  const right = wholeContent(LARGER);
  expect([...body.keys()].filter((index) => body[index] !== right[index])).toEqual([1_234_567]);
});

test('issues addresses that are soon good for nothing', async () => {
  const hub = await start({
    ...PROFILES.expiring,
    signedForMs: 1500,
    repositories: [{ id: 'a/b', files: { 'c.gguf': LARGER } }],
  });
  const resolve = `${hub.url}/a/b/resolve/main/c.gguf`;
  const { location = '' } = (await ask(resolve)).headers;
  await sleep(1600);
  expect((await ask(location, { range: 'bytes=0-9' })).status).toBe(403);
  const { location: next = '' } = (await ask(resolve)).headers;
  expect((await ask(next, { range: 'bytes=0-9' })).status).toBe(206);
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
