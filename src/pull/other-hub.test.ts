import { expect, test } from 'vitest';
import type { SimFiles } from '../sim/index.js';
import { explain, removeModel, whereIs } from './index.js';
import { contextOf } from './testing/context-of.js';
import { makeHubs, wrongFiles } from './testing/hubs.js';

const FILES: SimFiles = { 'config.json': '{}', 'w.safetensors': 'weights' };

test('a bare name that the first hub does not have is taken from the other, and that is said', async () => {
  const hubs = await makeHubs();
  const [hf, ms] = [await hubs.sim({}, { repositories: [] }), await hubs.sim(FILES)];
  const settings = { hfEndpoints: [hf.url], msEndpoints: [ms.url] };
  const outcome = await hubs.pull('acme/tiny', settings);
  expect(outcome.ref).toBe('ms:acme/tiny');
  expect(await wrongFiles(FILES, outcome.path)).toEqual([]);
  expect(hubs.eventsOf('notice')).toMatchObject([{ code: 'OTHER_HUB' }]);
  expect(hubs.eventsOf('ref.resolved')).toMatchObject([{ ref: 'ms:acme/tiny', host: new URL(ms.url).host }]);
  // Afterwards, the bare name finds what it brought.
  const context = contextOf(hubs.home, settings);
  expect(await whereIs('acme/tiny', context)).toMatchObject([{ ref: 'ms:acme/tiny', path: outcome.path }]);
  expect(await explain('acme/tiny', context)).toMatchObject({ id: outcome.id });
  expect(await removeModel('acme/tiny', context, { dryRun: true })).toMatchObject({
    models: [{ ref: 'ms:acme/tiny' }],
  });
  await expect(whereIs('hf:acme/tiny', context)).rejects.toMatchObject({ code: 'NOT_HERE' });
  await expect(whereIs('tiny', context)).rejects.toMatchObject({ code: 'NOT_HERE' });
  // Written out, it means that hub.
  await expect(hubs.pull('hf:acme/tiny', settings)).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' });
});

test('so is one whose first hub is down; unless it was listed before', async () => {
  const hubs = await makeHubs();
  const [hf, ms] = [await hubs.sim(FILES), await hubs.sim(FILES)];
  const settings = { hfEndpoints: [hf.url], msEndpoints: [ms.url] };
  await hf.die();
  expect((await hubs.pull('acme/tiny', settings)).ref).toBe('ms:acme/tiny');
  await hf.revive();
  expect((await hubs.pull('acme/tiny', { ...settings, hfEndpoints: [hf.url] })).ref).toBe('hf:acme/tiny');
  await hf.die();
  expect((await hubs.pull('acme/tiny', { ...settings, hfEndpoints: [hf.url] })).ref).toBe('hf:acme/tiny');
});

test('so is one whose first hub takes the question and says nothing', async () => {
  const hubs = await makeHubs();
  const faults = [{ fault: { type: 'stall' as const, afterBytes: -1 } }];
  const [hf, ms] = [await hubs.sim(FILES, { faults }), await hubs.sim(FILES)];
  const outcome = await hubs.pull('acme/tiny', { hfEndpoints: [hf.url], msEndpoints: [ms.url] });
  expect(outcome.ref).toBe('ms:acme/tiny');
  expect(hubs.eventsOf('notice')[0]?.message).toContain('sent nothing');
});

test('without the network, what was taken from the other hub is found again', async () => {
  const hubs = await makeHubs();
  const [hf, ms] = [await hubs.sim({}, { repositories: [] }), await hubs.sim(FILES)];
  const settings = { hfEndpoints: [hf.url], msEndpoints: [ms.url] };
  const { path } = await hubs.pull('acme/tiny', settings);
  expect((await hubs.pull('acme/tiny', { ...settings, offline: true })).path).toBe(path);
});

test('the error is that of the first hub when nobody has it', async () => {
  const hubs = await makeHubs();
  const [hf, ms] = [await hubs.sim({}, { repositories: [] }), await hubs.sim({}, { repositories: [] })];
  const pulling = hubs.pull('acme/tiny', { hfEndpoints: [hf.url], msEndpoints: [ms.url] });
  await expect(pulling).rejects.toMatchObject({
    code: 'REPOSITORY_NOT_FOUND',
    details: { host: new URL(hf.url).host },
  });
});

test.each([
  ['is gated', 'acme/tiny', {}, 'GATED'],
  ['is refused with a bad token', 'acme/tiny', { hfToken: 'hf_bad' }, 'UNAUTHORIZED'],
  ['is asked for at a commit', `acme/tiny@${'a'.repeat(40)}`, {}, 'REVISION_NOT_FOUND'],
  ['may not be told to a hub that nobody named', 'acme/none', { namedHubs: ['hf'] }, 'REPOSITORY_NOT_FOUND'],
  ['may not be told to anybody', 'acme/none', { alsoHubs: 'off' }, 'REPOSITORY_NOT_FOUND'],
] as const)('a name that %s stays where it is', async (_, ref, more, code) => {
  const hubs = await makeHubs();
  const repositories = [{ id: 'acme/tiny', files: FILES, gated: true }];
  const [hf, ms] = [await hubs.sim({}, { repositories }), await hubs.sim(FILES)];
  const settings = { hfEndpoints: [hf.url], hfTokenEndpoints: [hf.url], msEndpoints: [ms.url], ...more };
  await expect(hubs.pull(ref, settings)).rejects.toMatchObject({ code });
  expect(ms.requests).toEqual([]);
});
