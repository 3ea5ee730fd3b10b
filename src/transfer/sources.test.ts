import { expect, it } from 'vitest';
import type { SluiceEvent } from '../base/index.js';
import { ownersOf } from './testing/owners-of.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf } from './testing/rig.js';

const big = seededContent({ seed: 3, sizeBytes: 24 * MIB + 7 });
const files = { 'big.bin': big };

it('uses several sources at once for one file', async () => {
  const rig = await makeRig();
  // Each stops in the middle of its first answer until the other one is there too.
  const network = { connectionBytesPerSecond: 8e6 };
  const sims = [
    await rig.sim(files, { network, silentAfterBytes: 1 }),
    await rig.sim(files, { network, silentAfterBytes: 1 }),
  ];
  const pulling = rig.pull(taskOf('big.bin', big, sims, ['one', 'two']));
  await expect.poll(() => sims.every(({ sentBytes }) => sentBytes > 0), { timeout: 20_000 }).toBe(true);
  for (const sim of sims) sim.speak();
  const result = await pulling;
  expect(result.sha256).toBe(sha256Of(big));
  expect(ownersOf(rig, result)).toEqual(new Set(['one', 'two']));
});

it('gives more to the source that delivers more', async () => {
  const rig = await makeRig();
  const slow = await rig.sim(files, { network: { totalBytesPerSecond: 3e6 } });
  const fast = await rig.sim(files, { network: { totalBytesPerSecond: 30e6 } });
  const result = await rig.pull(taskOf('big.bin', big, [slow, fast], ['slow', 'fast']), { noProgressMs: 20_000 });
  expect(result.sha256).toBe(sha256Of(big));
  const of = (id: string): number => result.pieces.filter(({ source }) => source === id).length;
  expect(of('fast')).toBeGreaterThan(of('slow'));
});

it('goes on with the others when a source dies half-way', async () => {
  const rig = await makeRig();
  const dying = await rig.sim(files, { dieAfterBytes: 6 * MIB });
  const alive = await rig.sim(files, { network: { totalBytesPerSecond: 40e6 } });
  const result = await rig.pull(taskOf('big.bin', big, [dying, alive], ['dying', 'alive']));
  expect(result.sha256).toBe(sha256Of(big));
  expect(rig.eventsOf('piece.failed').some(({ source }) => source === 'dying')).toBe(true);
});

it('scores a source down whose answers come late, and says to whom it turns', async () => {
  const long = seededContent({ seed: 5, sizeBytes: 40 * MIB });
  const rig = await makeRig();
  const network = { latencyMs: 5, totalBytesPerSecond: 8e6 };
  const late = await rig.sim({ 'long.bin': long }, { network });
  const well = await rig.sim({ 'long.bin': long }, { network });
  let landed = 0;
  const emit = (event: SluiceEvent): void => {
    rig.events.push(event);
    if (event.type !== 'piece.landed') return;
    landed += 1;
    if (landed === 8) late.setNetwork({ ...network, latencyMs: 450 });
  };
  const result = await rig.pull(taskOf('long.bin', long, [late, well], ['late', 'well']), { emit });
  expect(result.sha256).toBe(sha256Of(long));
  const [degraded] = rig.eventsOf('source.degraded');
  expect(degraded).toMatchObject({ source: 'late', reason: 'round-trip', to: 'well', toScore: 100 });
  expect(degraded?.roundTripMs).toBeGreaterThanOrEqual(450);
  expect(degraded?.score).toBeLessThanOrEqual(50);
  const after = rig.events.slice(rig.events.findIndex(({ type }) => type === 'source.degraded'));
  const of = (id: string): number =>
    after.filter((event) => event.type === 'piece.landed' && event.source === id).length;
  expect(of('well')).toBeGreaterThan(of('late'));
});

it('is right in spite of a liar, names it and bans it', async () => {
  const rig = await makeRig();
  const network = { connectionBytesPerSecond: 8e6 };
  const faults = [4, 9, 13, 20].map((at) => ({ fault: { type: 'corrupt', atByte: at * MIB + 5 } as const }));
  const liar = await rig.sim(files, { network, faults });
  const honest = await rig.sim(files, { network });
  const result = await rig.pull(taskOf('big.bin', big, [liar, honest], ['liar', 'honest']), { noProgressMs: 20_000 });
  expect(result.sha256).toBe(sha256Of(big));
  const wrong = rig.eventsOf('piece.wrong');
  expect(wrong.length).toBeGreaterThan(0);
  expect(new Set(wrong.map(({ source }) => source))).toEqual(new Set(['liar']));
  expect(rig.eventsOf('source.banned').map(({ source }) => source)).toEqual(['liar']);
  await rig.assertBlobsRight();
});

it('mends one flipped byte from the same source, alone', async () => {
  const rig = await makeRig();
  const fault = { type: 'corrupt', atByte: 9 * MIB + 1 } as const;
  const sim = await rig.sim(files, { faults: [{ on: { host: 'cdn', coversByte: 9 * MIB + 1, times: 1 }, fault }] });
  const result = await rig.pull(taskOf('big.bin', big, [sim], ['only']), { noProgressMs: 20_000 });
  expect(result.sha256).toBe(sha256Of(big));
  expect(rig.eventsOf('piece.wrong')).toMatchObject([{ index: 9, source: 'only' }]);
  expect(rig.eventsOf('source.banned')).toEqual([]);
});

it('asks elsewhere when a source has another size, and bans it for the file', async () => {
  const rig = await makeRig();
  const other = await rig.sim({ 'big.bin': seededContent({ seed: 3, sizeBytes: 20 * MIB }) });
  const right = await rig.sim(files);
  const result = await rig.pull(taskOf('big.bin', big, [other, right], ['other', 'right']));
  expect(result.sha256).toBe(sha256Of(big));
  expect(rig.eventsOf('source.banned')).toMatchObject([{ source: 'other', code: 'SIZE_MISMATCH' }]);
});

it('asks a second time for a piece on a connection that crawls', async () => {
  const rig = await makeRig();
  const crawl = {
    on: { host: 'cdn', coversByte: 23 * MIB, times: 1 } as const,
    fault: { type: 'slow', bytesPerSecond: 20_000 } as const,
  };
  const sim = await rig.sim(files, { faults: [crawl] });
  const result = await rig.pull(taskOf('big.bin', big, [sim]), { noProgressMs: 60_000 });
  expect(result.sha256).toBe(sha256Of(big));
  const asked = sim.requests.filter(({ range }) => range?.endsWith(`-${24 * MIB - 1}`) === true);
  expect(asked.length).toBeGreaterThan(1);
});

it('asks the hub once for all pieces, and once more when the signed address ends', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files, { network: { connectionBytesPerSecond: 2e6 } });
  const pulling = rig.pull(taskOf('big.bin', big, [sim]), { noProgressMs: 20_000 });
  while (sim.sentBytes < 4 * MIB) await new Promise((resolve) => setTimeout(resolve, 10));
  sim.expireSignedUrls();
  expect((await pulling).sha256).toBe(sha256Of(big));
  expect(sim.requests.filter(({ host }) => host === 'hub')).toHaveLength(2);
  expect(rig.eventsOf('source.refreshed')).toHaveLength(1);
  expect(sim.leaks).toEqual([]);
});

it('renews signed addresses that live shortly, without losing a piece', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files, { network: { totalBytesPerSecond: 12e6 }, signedForMs: 700 });
  const result = await rig.pull(taskOf('big.bin', big, [sim]), { noProgressMs: 20_000 });
  expect(result.sha256).toBe(sha256Of(big));
  expect(rig.eventsOf('source.refreshed').length).toBeGreaterThan(0);
  expect(result.fetchedBytes).toBe(big.sizeBytes);
});

it('obeys a pause that a host asks for and needs no more requests than that', async () => {
  const rig = await makeRig();
  const fault = { type: 'rate-limit', requests: 6, windowMs: 1500, tell: 'seconds' } as const;
  const sim = await rig.sim(files, { faults: [{ on: { host: 'cdn' }, fault }] });
  const result = await rig.pull(taskOf('big.bin', big, [sim]), { noProgressMs: 1000 });
  expect(result.sha256).toBe(sha256Of(big));
  expect(rig.eventsOf('source.waiting').length).toBeGreaterThan(0);
});
