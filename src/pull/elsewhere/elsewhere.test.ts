import { expect, test } from 'vitest';
import { createHuggingFaceOrigin, parseRef } from '../../hubs/index.js';
import { seededContent, sha256Of, type SimFiles } from '../../sim/index.js';
import { openStore } from '../../store/index.js';
import { contextOf } from '../testing/context-of.js';
import { withWires } from '../wires.js';
import { Elsewhere } from './elsewhere.js';
import { placesFor } from './places.js';
import { bytesOf, makeHubs, wrongFiles } from '../testing/hubs.js';

const MIB = 2 ** 20;
const ONE = seededContent({ seed: 'one', sizeBytes: 24 * MIB + 3 });
const TWO = seededContent({ seed: 'two', sizeBytes: 16 * MIB });
const FILES: SimFiles = {
  'config.json': '{"model_type":"tiny"}',
  'model-1.safetensors': ONE,
  'model-2.safetensors': TWO,
};
/** Slow enough for others to join in. */
const SLOW = { connectionBytesPerSecond: 2e6, totalBytesPerSecond: 8e6 };

test('a repository of the same name on the other hub gives its share, at once', async () => {
  const hubs = await makeHubs();
  const [hf, ms] = [await hubs.sim(FILES, { network: SLOW }), await hubs.sim(FILES, { network: SLOW })];
  const outcome = await hubs.pull('hf:acme/tiny', { hfEndpoints: [hf.url], msEndpoints: [ms.url] });
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  for (const sim of [hf, ms]) expect(bytesOf(sim, ONE)).toBeGreaterThan(MIB);
  expect(outcome.fetchedBytes).toBeLessThan((24 + 16 + 2) * MIB);
  // Small files of git have no SHA-256 in the listing: their own hub gives them.
  expect(ms.requests.filter(({ path }) => path === 'config.json')).toEqual([]);
  expect(hubs.eventsOf('source.found')).toMatchObject([
    { ref: 'ms:acme/tiny', commit: ms.commit('acme/tiny', 'master', 'modelscope'), agree: 2, agreeBytes: 40 * MIB + 3 },
  ]);
});

test('the other way round: ModelScope first, Hugging Face beside it', async () => {
  const hubs = await makeHubs();
  const [ms, hf] = [await hubs.sim(FILES, { network: SLOW }), await hubs.sim(FILES, { network: SLOW })];
  const outcome = await hubs.pull(
    'ms:acme/tiny',
    { hfEndpoints: [hf.url], msEndpoints: [ms.url] },
    { view: 'flat', to: `${hubs.home}/flat` },
  );
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  for (const sim of [hf, ms]) expect(bytesOf(sim, ONE)).toBeGreaterThan(MIB);
});

test('a copy that differs gives only what is the same, also under another path', async () => {
  const hubs = await makeHubs();
  const other = seededContent({ seed: 'other', sizeBytes: 16 * MIB });
  const theirs = { 'moved/weights.safetensors': ONE, 'model-2.safetensors': other };
  const [hf, ms] = [await hubs.sim(FILES, { network: SLOW }), await hubs.sim(theirs, { network: SLOW })];
  const outcome = await hubs.pull('hf:acme/tiny', { hfEndpoints: [hf.url], msEndpoints: [ms.url] });
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  expect(bytesOf(ms, ONE)).toBeGreaterThan(MIB);
  expect(bytesOf(ms, other)).toBe(0);
  expect(hubs.eventsOf('source.differs')).toEqual([
    {
      type: 'source.differs',
      source: new URL(ms.url).host,
      file: 'model-2.safetensors',
      sizeBytes: 16 * MIB,
      sha256: sha256Of(TWO),
      theirSizeBytes: 16 * MIB,
      theirSha256: sha256Of(other),
    },
  ]);
});

test('a copy that lies about its digest is banned, and the file is right', async () => {
  const hubs = await makeHubs();
  const faults = Array.from({ length: 24 }, (_, mib) => ({
    on: { path: new RegExp(sha256Of(ONE)), coversByte: mib * MIB + 9 },
    fault: { type: 'corrupt' as const, atByte: mib * MIB + 9 },
  }));
  const [hf, ms] = [await hubs.sim(FILES, { network: SLOW }), await hubs.sim(FILES, { network: SLOW, faults })];
  const outcome = await hubs.pull('hf:acme/tiny', { hfEndpoints: [hf.url], msEndpoints: [ms.url] });
  expect(bytesOf(ms, ONE)).toBeGreaterThan(0);
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  expect(hubs.eventsOf('source.banned')).toMatchObject([{ source: new URL(ms.url).host, code: 'DIGEST_MISMATCH' }]);
});

test.each([
  ['has none of that name', { repositories: [] }, 'REPOSITORY_NOT_FOUND'],
  ['says 401', { faults: [{ fault: { type: 'status', status: 401 } }] }, 'UNAUTHORIZED'],
  [
    'answers nonsense',
    { faults: [{ fault: { type: 'body', content: '[', contentType: 'application/json' } }] },
    'BAD_RESPONSE',
  ],
] as const)('another hub that %s is told of, and nothing else', async (_, options, code) => {
  const hubs = await makeHubs();
  // Slow enough for the answer to come before the end.
  const [hf, ms] = [await hubs.sim(FILES, { network: { totalBytesPerSecond: 12e6 } }), await hubs.sim(FILES, options)];
  const outcome = await hubs.pull('hf:acme/tiny', { hfEndpoints: [hf.url], msEndpoints: [ms.url] });
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  expect(hubs.eventsOf('source.absent')).toMatchObject([{ ref: 'ms:acme/tiny', code }]);
  expect(hubs.events.filter(({ type }) => ['notice', 'source.waiting', 'piece.failed'].includes(type))).toEqual([]);
});

test('nobody waits for a hub that is silent, or not there at all', async () => {
  const hubs = await makeHubs();
  const stall = { on: { kind: 'ms-revisions' as const }, fault: { type: 'stall' as const, afterBytes: -1 } };
  const [hf, silent, dead] = [await hubs.sim(FILES), await hubs.sim(FILES, { faults: [stall] }), await hubs.sim(FILES)];
  await dead.die();
  for (const ms of [silent, dead]) {
    const outcome = await hubs.pull('hf:acme/tiny', {
      hfEndpoints: [hf.url],
      msEndpoints: [ms.url],
      home: `${hubs.home}/${ms === dead}`,
    });
    expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
    // Less than the patience with it.
    expect(outcome.ms).toBeLessThan(20_000);
  }
  expect(hubs.eventsOf('source.found')).toEqual([]);
});

test('the name of a repository that is not public stays where it is', async () => {
  const users = { hf_ann: 'ann' };
  for (const access of [{ private: true }, { gated: true }]) {
    const hubs = await makeHubs();
    const repositories = [{ id: 'acme/tiny', files: FILES, ...access, tokens: ['hf_ann'] }];
    const hf = await hubs.sim(FILES, { repositories, users, network: { totalBytesPerSecond: 20e6 } });
    const ms = await hubs.sim(FILES, { users });
    const settings = { hfEndpoints: [hf.url], hfTokenEndpoints: [hf.url], hfToken: 'hf_ann', msEndpoints: [ms.url] };
    await hubs.pull('hf:acme/tiny', settings);
    expect(ms.requests).toEqual([]);
    expect(hubs.eventsOf('source.unasked')).toMatchObject([{ ref: 'ms:acme/tiny', reason: 'not-public' }]);
    // Told to, it asks; and the token stays at home.
    const plan = await hubs.plan('hf:acme/tiny', { ...settings, alsoHubs: 'always', home: `${hubs.home}/other` });
    expect(plan.elsewhere).toMatchObject([
      { ref: 'ms:acme/tiny', agree: ['model-1.safetensors', 'model-2.safetensors'] },
    ]);
    expect(ms.requests.filter(({ headers }) => (headers.authorization ?? headers.cookie) !== undefined)).toEqual([]);
  }
});

test('a hub that nobody named is not asked for what a hub of a company has', async () => {
  const hubs = await makeHubs();
  const [hf, ms] = [await hubs.sim(FILES), await hubs.sim(FILES)];
  const settings = { hfEndpoints: [hf.url], msEndpoints: [ms.url], namedHubs: ['hf' as const] };
  const plan = await hubs.plan('hf:acme/tiny', settings);
  expect(plan.elsewhere).toMatchObject([{ unasked: 'not-a-public-hub' }]);
  await hubs.pull('hf:acme/tiny', settings);
  await hubs.pull('hf:acme/tiny', {
    ...settings,
    alsoHubs: 'off',
    namedHubs: ['hf', 'ms'],
    home: `${hubs.home}/other`,
  });
  expect(ms.requests).toEqual([]);
});

test('what is here already is not looked for', async () => {
  const hubs = await makeHubs();
  const [hf, ms] = [await hubs.sim(FILES), await hubs.sim(FILES)];
  const settings = { hfEndpoints: [hf.url], msEndpoints: [ms.url] };
  await hubs.pull('hf:acme/tiny', settings);
  for (const sim of [hf, ms]) sim.forget();
  const outcome = await hubs.pull('hf:acme/tiny', settings);
  expect([outcome.requests, hf.requests.length, ms.requests.length]).toEqual([1, 1, 0]);
});

test('a commit that was listed before comes from the other hub when its own is down', async () => {
  const hubs = await makeHubs();
  const [hf, ms] = [await hubs.sim(FILES), await hubs.sim(FILES)];
  const settings = { hfEndpoints: [hf.url], msEndpoints: [ms.url] };
  const include = ['config.json', 'model-1.safetensors'];
  await hubs.pull('hf:acme/tiny', settings, { include });
  const commit = hf.commit('acme/tiny');
  await hf.die();
  const outcome = await hubs.pull(`hf:acme/tiny@${commit}`, settings);
  expect(outcome.commit).toBe(commit);
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  expect(bytesOf(ms, TWO)).toBeGreaterThanOrEqual(16 * MIB);
});

test('a commit that its own hub does not show any more comes from the other', async () => {
  const hubs = await makeHubs();
  const [hf, ms] = [await hubs.sim(FILES), await hubs.sim(FILES)];
  const settings = { hfEndpoints: [hf.url], msEndpoints: [ms.url] };
  await hubs.pull('hf:acme/tiny', settings, { include: ['config.json'] });
  hf.faults.add({ fault: { type: 'status', status: 404 } });
  const outcome = await hubs.pull(`hf:acme/tiny@${hf.commit('acme/tiny')}`, settings);
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
});

test('a look is broken off after its time, and that is a failure of the place', async () => {
  const hubs = await makeHubs();
  const stall = { on: { kind: 'ms-revisions' as const }, fault: { type: 'stall' as const, afterBytes: -1 } };
  const [hf, ms] = [await hubs.sim(FILES), await hubs.sim(FILES, { faults: [stall] })];
  const context = contextOf(hubs.home, { hfEndpoints: [hf.url], msEndpoints: [ms.url] }, (event) =>
    hubs.events.push(event),
  );
  await withWires(context, async (wires) => {
    const store = await openStore(hubs.home);
    const origin = createHuggingFaceOrigin({ ...wires, endpoint: hf.url });
    const pinned = await origin.pin(parseRef('hf:acme/tiny'), context.signal);
    const { files } = await origin.list(pinned, context.signal);
    const places = placesFor(pinned.ref, context.settings, []);
    const elsewhere = new Elsewhere(places, { ...context, store, wires, lookMs: 200 });
    elsewhere.want(files, pinned, origin);
    // Not yet, but nobody wants to wait.
    expect(await elsewhere.settled(1)).toMatchObject([{ ref: 'ms:acme/tiny', failure: { code: 'STALLED' } }]);
    expect(elsewhere.reports).toEqual([]);
    const [report, ...more] = await elsewhere.settled(10_000);
    expect(more).toEqual([]);
    expect(report).toMatchObject({ ref: 'ms:acme/tiny', agree: [], failure: { code: 'STALLED' } });
    for (const file of files)
      expect(await Promise.all(elsewhere.joining(file, []))).toEqual(file.digests.sha256 === undefined ? [] : [[]]);
    elsewhere.stop();
  });
  expect(hubs.eventsOf('source.absent')).toMatchObject([{ code: 'STALLED' }]);
});

test('a repository of another name is found by the settings', async () => {
  const hubs = await makeHubs();
  const hf = await hubs.sim(FILES);
  const ms = await hubs.sim(FILES, { repositories: [{ id: 'other/tiny', files: FILES }] });
  const hubMap = [{ from: 'hf:acme/*', to: 'ms:other/*' }];
  const plan = await hubs.plan('hf:acme/tiny', { hfEndpoints: [hf.url], msEndpoints: [ms.url], hubMap });
  expect(plan.elsewhere).toMatchObject([
    { ref: 'ms:other/tiny', agree: ['model-1.safetensors', 'model-2.safetensors'] },
  ]);
  expect(plan.sources).toEqual([new URL(hf.url).host, new URL(ms.url).host]);
});

test('another repository on the same host is a source of its own name', async () => {
  const hubs = await makeHubs();
  const repositories = ['acme/tiny', 'acme/copy'].map((id) => ({ id, files: FILES }));
  const gone = { on: { path: /^\/acme\/tiny\/resolve/ }, fault: { type: 'status' as const, status: 404 } };
  const hf = await hubs.sim(FILES, { repositories, faults: [gone] });
  const request = { sources: ['hf:acme/copy'], include: ['model-2.safetensors'] };
  const outcome = await hubs.pull('hf:acme/tiny', { hfEndpoints: [hf.url] }, request);
  expect(await wrongFiles({ 'model-2.safetensors': TWO }, outcome.path)).toEqual([]);
  const names = new Set(hubs.eventsOf('piece.landed').map(({ source }) => source));
  expect(names).toEqual(new Set([`${new URL(hf.url).host} (hf:acme/copy)`]));
});
