import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Digests } from '../base/index.js';
import type { Content, Fault, Sim } from '../sim/index.js';
import type { Store } from '../store/index.js';
import type { TransferTask } from './index.js';
import { ownersOf } from './testing/owners-of.js';
import { sourceOf } from './testing/source-of.js';
import { MIB, makeRig, seededContent, sha256Of, wholeContent, type Rig } from './testing/rig.js';

const big = seededContent({ seed: 5, sizeBytes: 12 * MIB + 7 });
const small = seededContent({ seed: 6, sizeBytes: 70_000 });
const files = { 'big.bin': big, 'small.json': small };

/** The task of a file as a checksum list names it. */
function listed(path: string, digests: Digests, sims: readonly Sim[]): TransferTask {
  const sources = sims.map((sim, index) => sourceOf(sim, path, { plain: true, id: `s${index}` }));
  return { path, sizeBytes: undefined, digests, sources };
}

function taskOf(path: string, content: Content, ...sims: Sim[]): TransferTask {
  return listed(path, { sha256: sha256Of(content) }, sims);
}

const ranges = ({ requests }: Sim): (string | undefined)[] => requests.map(({ range }) => range);
const startOf = (range: string | undefined): number => Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);

/** At most two handovers at the end, of what the kernels of both sides hold of a loopback connection. */
const ON_THE_WIRE_BYTES = 16 * MIB;

describe('a file of which only a digest is known', () => {
  it.each([1, 1000, MIB - 1, MIB])('of %i bytes comes by one request', async (sizeBytes) => {
    const rig = await makeRig();
    const content = seededContent({ seed: 9, sizeBytes });
    const sim = await rig.sim({ f: content });
    const result = await rig.pull(taskOf('f', content, sim));
    expect(result).toMatchObject({ sha256: sha256Of(content), sizeBytes, fetchedBytes: sizeBytes, checks: ['sha256'] });
    expect(result.pieces).toMatchObject([{ index: 0, startByte: 0, endByte: sizeBytes, source: 's0' }]);
    expect(ranges(sim)).toEqual([`bytes=0-${MIB - 1}`]);
    expect(rig.eventsOf('file.started')).toMatchObject([{ sizeBytes, resumedBytes: 0 }]);
  });

  it('that is empty is made when its source says so', async () => {
    const rig = await makeRig();
    const empty = seededContent({ seed: 1, sizeBytes: 0 });
    const sim = await rig.sim({ f: empty });
    expect((await rig.pull(taskOf('f', empty, sim))).sha256).toBe(sha256Of(empty));
    expect(sim.requests).toHaveLength(1);
  });

  it.each([MIB + 1, 2 * MIB, 12 * MIB + 7, 150 * MIB])(
    'of %i bytes comes in pieces, none of them twice',
    async (sizeBytes) => {
      const rig = await makeRig();
      const content = seededContent({ seed: 9, sizeBytes });
      const sim = await rig.sim({ f: content });
      const result = await rig.pull(taskOf('f', content, sim));
      expect(result).toMatchObject({ sha256: sha256Of(content), sizeBytes, fetchedBytes: sizeBytes });
      // What the end of a request was relieved of may have been on the wire already.
      expect(sim.sentBytes).toBeGreaterThanOrEqual(sizeBytes);
      expect(sim.sentBytes).toBeLessThanOrEqual(sizeBytes + ON_THE_WIRE_BYTES);
      expect(new Set(ranges(sim).map(startOf)).size).toBe(sim.requests.length);
      const [first, ...rest] = ranges(sim);
      expect(first).toBe(`bytes=0-${MIB - 1}`);
      expect(rest.length).toBeGreaterThan(0);
      expect(Math.min(...rest.map(startOf))).toBe(MIB);
      expect(rig.eventsOf('file.started')).toMatchObject([{ sizeBytes, resumedBytes: 0 }]);
      expect(rig.eventsOf('piece.landed')).toHaveLength(result.pieces.length);
    },
  );

  it('comes without a byte more on the wire where one connection has nobody to be relieved by', async () => {
    const rig = await makeRig();
    const sizeBytes = 12 * MIB + 7;
    const content = seededContent({ seed: 9, sizeBytes });
    const sim = await rig.sim({ f: content });
    const result = await rig.pull(taskOf('f', content, sim), { connections: 1 });
    expect(result).toMatchObject({ sha256: sha256Of(content), fetchedBytes: sizeBytes });
    expect(sim.sentBytes).toBe(sizeBytes);
  });

  it('comes from all its sources', async () => {
    const rig = await makeRig();
    // Who is asked for the size stops behind the first piece, the other one in its first answer, until both are there.
    const network = { connectionBytesPerSecond: 6e6 };
    const sims = [
      await rig.sim(files, { network, silentAfterBytes: MIB + 1 }),
      await rig.sim(files, { network, silentAfterBytes: MIB + 1 }),
    ];
    const pulling = rig.pull(taskOf('big.bin', big, ...sims));
    await expect.poll(() => sims.every(({ sentBytes }) => sentBytes > MIB), { timeout: 20_000 }).toBe(true);
    for (const sim of sims) sim.speak();
    const result = await pulling;
    expect(result.sha256).toBe(sha256Of(big));
    expect(ownersOf(rig, result)).toEqual(new Set(['s0', 's1']));
    // One of them was asked how large it is.
    expect(sims.flatMap(ranges).filter((range) => startOf(range) === 0)).toHaveLength(1);
  });

  it('goes on across runs without asking for its size again', async () => {
    const rig = await makeRig();
    const sim = await rig.sim(files);
    // Everything comes but one piece: what is kept depends on no connection that dies with bytes on its way.
    const withheld = sim.faults.add({ on: { path: /big/ }, fault: { type: 'withhold', atByte: 7 * MIB } });
    const broken = await rig.pull(taskOf('big.bin', big, sim), { noProgressMs: 700 });
    expect(broken.error?.code).toBe('NO_PROGRESS');
    const before = sim.sentBytes;
    withheld.remove();
    sim.forget();
    const result = await rig.pull(taskOf('big.bin', big, sim));
    expect(result.sha256).toBe(sha256Of(big));
    expect(ranges(sim).map(startOf)).not.toContain(0);
    expect(rig.eventsOf('file.started').at(-1)?.resumedBytes).toBeGreaterThan(2 * MIB);
    expect(sim.sentBytes - before).toBeLessThan(8 * MIB);
  });

  it('of many small ones costs one request each, side by side', async () => {
    const rig = await makeRig();
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`n/${index}`, seededContent({ seed: index + 1, sizeBytes: 2000 })]),
    );
    const sim = await rig.sim(many, { network: { latencyMs: 20 } });
    const results = await rig.run(Object.entries(many).map(([path, content]) => taskOf(path, content, sim)));
    expect(results.every(({ error }) => error === undefined)).toBe(true);
    expect(sim.requests).toHaveLength(60);
    expect(sim.connections).toBe(8);
  });

  it('of several large ones: few are in flight at once', async () => {
    const rig = await makeRig();
    const many = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`${index}`, seededContent({ seed: index + 1, sizeBytes: 3 * MIB })]),
    );
    const sim = await rig.sim(many);
    const results = await rig.run(Object.entries(many).map(([path, content]) => taskOf(path, content, sim)));
    expect(results.map(({ error }) => error)).toEqual(Array.from({ length: 9 }, () => undefined));
    let [inFlight, most] = [0, 0];
    for (const { type } of rig.events) {
      if (type === 'file.started') most = Math.max(most, (inFlight += 1));
      if (type === 'file.proven') inFlight -= 1;
    }
    expect(most).toBe(3);
    expect(sim.sentBytes).toBe(27 * MIB);
  });
});

describe('a source that', () => {
  it.each<[string, Fault[], number, number]>([
    ['ignores ranges', [{ type: 'ignore-range' }], 1, 2],
    ['sends ranges in chunks', [{ type: 'no-length', style: 'chunked' }], 2, 14],
    ['knows neither (chunked)', [{ type: 'ignore-range' }, { type: 'no-length', style: 'chunked' }], 2, 4],
    ['knows neither (ends by closing)', [{ type: 'ignore-range' }, { type: 'no-length', style: 'close' }], 2, 4],
  ])('%s: every file is right, by few requests', async (_, kinds, forSmall, forBig) => {
    for (const [path, content, most] of [
      ['small.json', small, forSmall],
      ['big.bin', big, forBig],
    ] as const) {
      const rig = await makeRig();
      const sim = await rig.sim(files, { faults: kinds.map((fault) => ({ fault })) });
      const result = await rig.pull(taskOf(path, content, sim));
      expect(result.sha256, `${path}: ${result.error?.message ?? ''}`).toBe(sha256Of(content));
      expect(sim.requests.length, path).toBeLessThanOrEqual(most);
      expect(rig.eventsOf('file.failed')).toEqual([]);
    }
  });

  it.each<[string, string, Fault]>([
    ['refuses a range once', 'small.json', { type: 'status', status: 416 }],
    ['refuses a range once', 'big.bin', { type: 'status', status: 416 }],
    ['tells no total once', 'big.bin', { type: 'content-range', value: `bytes 0-${MIB - 1}/*` }],
    ['sends another range', 'big.bin', { type: 'content-range', value: `bytes 5-${MIB + 4}/12582919` }],
    ['sends less than it says', 'big.bin', { type: 'short-range', bytes: 1000 }],
    ['sends less than it says', 'small.json', { type: 'end-early', afterBytes: 100 }],
  ])('%s: %s is right', async (_, path, fault) => {
    const rig = await makeRig();
    const sim = await rig.sim(files, { faults: [{ on: { times: 1 }, fault }] });
    const result = await rig.pull(taskOf(path, path === 'big.bin' ? big : small, sim));
    expect(result.sha256, result.error?.message).toBe(sha256Of(path === 'big.bin' ? big : small));
    expect(rig.eventsOf('file.failed')).toEqual([]);
  });

  it('tells no length is not taken for all when another does', async () => {
    const rig = await makeRig();
    const kinds: Fault[] = [{ type: 'ignore-range' }, { type: 'no-length', style: 'close' }];
    const silent = await rig.sim(files, { faults: kinds.map((fault) => ({ fault })) });
    const open = await rig.sim(files);
    const result = await rig.pull(taskOf('big.bin', big, silent, open));
    expect(result.sha256).toBe(sha256Of(big));
    expect(result.pieces.length).toBeGreaterThan(1);
  });

  it('has another file under the name, of another size: the others bring the right one', async () => {
    const rig = await makeRig();
    const other = seededContent({ seed: 77, sizeBytes: 9 * MIB });
    const liar = await rig.sim({ 'big.bin': other });
    const honest = [await rig.sim(files), await rig.sim(files)];
    const result = await rig.pull(taskOf('big.bin', big, liar, ...honest), { noProgressMs: 20_000 });
    expect(result.sha256).toBe(sha256Of(big));
    expect(rig.eventsOf('source.banned').some(({ source }) => source === 's0')).toBe(true);
    expect(rig.eventsOf('file.failed')).toEqual([]);
    await rig.assertBlobsRight();
  });

  it('has another small file under the name: so do they', async () => {
    const rig = await makeRig();
    const liar = await rig.sim({ 'small.json': seededContent({ seed: 77, sizeBytes: 500 }) });
    const result = await rig.pull(taskOf('small.json', small, liar, await rig.sim(files)));
    expect(result.sha256).toBe(sha256Of(small));
    expect(liar.requests).toHaveLength(2);
  });

  it.each(['small.json', 'big.bin'])(
    'is alone and has something else than %s: told once, and nothing is kept',
    async (path) => {
      const rig = await makeRig();
      const sim = await rig.sim(files);
      const result = await rig.pull(listed(path, { sha256: '0'.repeat(64) }, [sim]), { noProgressMs: 20_000 });
      expect(result.error?.code).toBe('DIGEST_MISMATCH');
      expect(rig.eventsOf('file.failed')).toHaveLength(1);
      expect(readdirSync(join(rig.store.root, 'partials'))).toEqual([]);
    },
  );

  it('breaks off and comes back, is down, or stalls: the file comes', async () => {
    const rig = await makeRig();
    const faults: Fault[] = [
      { type: 'end-early', afterBytes: 300_000 },
      { type: 'reset', afterBytes: -1 },
      { type: 'status', status: 503 },
      { type: 'stall', afterBytes: 10 },
    ];
    const rules = faults.map((fault, skip) => ({ on: { path: /big/, skip, times: 1 }, fault }));
    const sim = await rig.sim(files, { faults: rules });
    const result = await rig.pull(taskOf('big.bin', big, sim), { noProgressMs: 20_000 });
    expect(result.sha256).toBe(sha256Of(big));
  });
});

it('a partial whose journal tells a wrong size costs a round, not the file', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const wrong = await rig.sim(
    { 'big.bin': seededContent({ seed: 78, sizeBytes: 20 * MIB }) },
    { dieAfterBytes: 5 * MIB },
  );
  await rig.pull(taskOf('big.bin', big, wrong), { noProgressMs: 500 });
  const result = await rig.pull(taskOf('big.bin', big, sim), { noProgressMs: 20_000 });
  expect(result.sha256).toBe(sha256Of(big));
});

it('a weak digest will do, as long as the source tells one version from another', async () => {
  const rig = await makeRig();
  const after = seededContent({ seed: 55, sizeBytes: big.sizeBytes });
  const md5 = createHash('md5').update(wholeContent(after)).digest('hex');
  const sim = await rig.sim(files, {
    faults: [{ on: { path: /big/, skip: 3 }, fault: { type: 'changed', content: after, etag: '"new"' } }],
  });
  const result = await rig.pull(listed('big.bin', { md5 }, [sim]), { noProgressMs: 20_000 });
  expect(result.sha256).toBe(sha256Of(after));
});

it('a disk that cannot take it: told when the size is, and nothing more is asked for', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const store: Store = { ...rig.store, freeBytes: async () => MIB };
  const results = await rig.run([taskOf('big.bin', big, sim)], { store });
  expect(results.map(({ error }) => error?.code)).toEqual(['DISK_FULL']);
  expect(sim.requests).toHaveLength(1);
});

it('what another tool left is taken before a beginning of our own', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const path = join(rig.store.root, 'tmp', 'foreign');
  const { mkdirSync, writeFileSync } = await import('node:fs');
  mkdirSync(join(rig.store.root, 'tmp'), { recursive: true });
  writeFileSync(path, wholeContent(big).subarray(0, 10 * MIB));
  const foreignPartials = async () => [
    { tool: 'curl', path, atByte: 0, ranges: [{ startByte: 0, endByte: 10 * MIB }] },
  ];
  const result = await rig.pull(taskOf('big.bin', big, sim), { foreignPartials });
  expect(result.sha256).toBe(sha256Of(big));
  expect(rig.eventsOf('file.adopted')).toMatchObject([{ bytes: 10 * MIB }]);
});

it('an interruption keeps what came', async () => {
  const rig: Rig = await makeRig();
  const sim = await rig.sim(files, { network: { totalBytesPerSecond: 20e6 } });
  const stop = new AbortController();
  const pulling = rig.pull(taskOf('big.bin', big, sim), { signal: stop.signal });
  const ended = expect(pulling).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await expect.poll(() => rig.eventsOf('piece.landed').length, { interval: 2 }).toBeGreaterThan(3);
  stop.abort();
  await ended;
  sim.setNetwork('clean');
  expect((await rig.pull(taskOf('big.bin', big, sim))).sha256).toBe(sha256Of(big));
  expect(rig.eventsOf('file.started').at(-1)?.resumedBytes).toBeGreaterThan(3 * MIB);
});
