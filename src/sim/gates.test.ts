import { expect, test } from 'vitest';
import { CongestionWindow, SEGMENT_BYTES } from './congestion-window.js';
import { seededRandom } from './random.js';
import { FakeClock } from './testing/fake-clock.js';
import { TokenBucket } from './token-bucket.js';
import { WindowGate } from './window-gate.js';

test('a bucket lets bytes pass at the rate, after a small burst', async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(1_000_000, clock);
  for (let count = 0; count < 20; count += 1) await bucket.take(10_000);
  expect(clock.nowMs()).toBe(1000 + 200 - 20);
  await clock.sleep(5000);
  await bucket.take(20_000);
  expect(clock.nowMs()).toBe(6180);
});

test('a bucket serves in the order of asking, however much is asked for', async () => {
  const bucket = new TokenBucket(1000, new FakeClock());
  const order: number[] = [];
  await Promise.all([500, 1, 300].map((bytes) => bucket.take(bytes).then(() => order.push(bytes))));
  expect(order).toEqual([500, 1, 300]);
});

test('a bucket takes a new rate at once, also for who waits already', async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(0, clock);
  const waiting = bucket.take(1_000_000);
  for (let count = 0; count < 10; count += 1) await Promise.resolve();
  bucket.bytesPerSecond = 1_000_000;
  await waiting;
  // A second at the new rate, and what passed before it.
  expect(clock.nowMs()).toBeGreaterThanOrEqual(2000);
  expect(clock.nowMs()).toBeLessThan(3500);
  bucket.bytesPerSecond = Infinity;
  const before = clock.nowMs();
  await bucket.take(1e12);
  expect(clock.nowMs()).toBe(before);
  bucket.bytesPerSecond = 1000;
  await bucket.take(1000);
  expect(clock.nowMs() - before).toBeGreaterThanOrEqual(900);
});

test('a bucket loses nothing to timers that ring late while others wait', async () => {
  const clock = new FakeClock();
  const late = { nowMs: () => clock.nowMs(), sleep: (ms: number) => clock.sleep(ms + 60) };
  const bucket = new TokenBucket(1_000_000, late);
  await Promise.all(Array.from({ length: 200 }, () => bucket.take(10_000)));
  // Two seconds' worth; each lost delay would add to it.
  expect(clock.nowMs()).toBeGreaterThanOrEqual(1000 + 2000 - 20);
  expect(clock.nowMs()).toBeLessThan(1000 + 2000 + 100);
});

test('a bucket charges nobody who has gone', async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(1000, clock);
  await bucket.take(1_000_000, () => true);
  expect(clock.nowMs()).toBe(1000);
});

test('a window doubles while nothing is lost', () => {
  const window = new CongestionWindow({ rttMs: 100, lossShare: 0, random: () => 0 });
  const segments = Array.from({ length: 4 }, () => window.nextRound().bytes / SEGMENT_BYTES);
  expect(segments).toEqual([10, 20, 40, 80]);
});

test('a window is halved by a loss, then grows by one; a small one waits for the timer', () => {
  const draws = [0.99, 0.5, 0.001, 0.001, 0.99, 0.5, 0.99, 0.5, 0.99];
  const window = new CongestionWindow({ rttMs: 150, lossShare: 0.01, random: () => draws.shift() ?? 0 });
  const rounds = Array.from({ length: 6 }, () => window.nextRound());
  expect(rounds.map(({ bytes }) => bytes / SEGMENT_BYTES)).toEqual([10, 5, 6, 7, 3, 1]);
  expect(rounds.map(({ silentMs }) => silentMs)).toEqual([0, 0, 0, 0, 300, 0]);
});

/** Bytes per second through one gate over ten minutes. */
async function rateOf(rttMs: number, lossShare: number, seed: number): Promise<number> {
  const clock = new FakeClock();
  const gate = new WindowGate({ rttMs, lossShare, random: seededRandom(seed) }, clock);
  let bytes = 0;
  for (; clock.nowMs() < 601_000; bytes += SEGMENT_BYTES) await gate.take(SEGMENT_BYTES);
  return bytes / 600;
}

test('a lossy path gives a connection about what Mathis et al. predict', async () => {
  for (const [rttMs, lossShare] of [
    [100, 0.01],
    [20, 0.01],
    [100, 0.001],
  ] as const) {
    const predicted = (1.22 * SEGMENT_BYTES * 1000) / (rttMs * Math.sqrt(lossShare));
    const rate = await rateOf(rttMs, lossShare, 7);
    expect(rate).toBeGreaterThan(predicted * 0.4);
    expect(rate).toBeLessThan(predicted * 1.3);
  }
});

test('a gate starts small again after a pause', async () => {
  const clock = new FakeClock();
  const gate = new WindowGate({ rttMs: 100, lossShare: 0, random: () => 0 }, clock);
  const bytesInRounds = async (rounds: number): Promise<number> => {
    const endMs = clock.nowMs() + rounds * 100;
    let bytes = 0;
    for (; clock.nowMs() < endMs; bytes += SEGMENT_BYTES) await gate.take(SEGMENT_BYTES);
    return bytes / SEGMENT_BYTES;
  };
  const first = await bytesInRounds(4);
  expect(first).toBeGreaterThanOrEqual(150);
  expect(first).toBeLessThan(160);
  await clock.sleep(5000);
  // What was left of the last window goes at once, the new ones are as at the beginning.
  expect(await bytesInRounds(2)).toBeLessThan(350);
  expect(gate.bytesIn()).toBeGreaterThanOrEqual(SEGMENT_BYTES);
});

test('pipelined answers share one window', async () => {
  const clock = new FakeClock();
  const gate = new WindowGate({ rttMs: 100, lossShare: 0, random: () => 0 }, clock);
  await Promise.all([gate.take(15 * SEGMENT_BYTES), gate.take(15 * SEGMENT_BYTES)]);
  expect(clock.nowMs()).toBe(1100);
});
