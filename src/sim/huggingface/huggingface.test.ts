import { afterEach, beforeEach, expect, test } from 'vitest';
import { endlessJson, forgeEntries, HOSTILE_PATHS, HOSTILE_SIZES, startSim, type Sim } from '../index.js';
import { ask, type Heard } from '../testing/ask.js';

const many = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`part-${index}.txt`, String(index)]));
let sim: Sim;
beforeEach(async () => {
  sim = await startSim({
    users: { hf_ann: 'ann', hf_bob: 'bob' },
    habits: { treePageSize: 10, resolveCache: true },
    prefix: '/mirror/hf',
    repositories: [
      { id: 'gpt2', files: { 'config.json': '{}', 'deep/er/x.bin': 'weights', 'empty.txt': '' } },
      { id: 'acme/many', files: many },
      { id: 'acme/gated', gated: true, tokens: ['hf_ann'], files: { 'config.json': '{}' } },
      { id: 'acme/private', private: true, tokens: ['hf_ann'], files: { 'config.json': '{}' } },
      { id: 'acme/data', kind: 'dataset', files: { 'train.csv': 'a,b' } },
    ],
  });
});
afterEach(() => sim.stop());

const get = async (path: string, token?: string): Promise<Heard> =>
  ask(sim.url + path, token === undefined ? {} : { authorization: `Bearer ${token}` });
const json = async (path: string): Promise<unknown> => JSON.parse((await get(path)).body.toString());

test('chains pages of a tree by absolute links to itself', async () => {
  const seen: string[] = [];
  let next: string | undefined = `${sim.url}/api/models/acme/many/tree/main?recursive=true`;
  while (next !== undefined) {
    const page: Heard = await ask(next);
    seen.push(...(JSON.parse(page.body.toString()) as { path: string }[]).map(({ path }) => path));
    next = /^<([^>]+)>; rel="next"$/.exec(String(page.headers.link ?? ''))?.[1];
    if (next !== undefined) expect(next.startsWith(sim.url)).toBe(true);
  }
  expect(new Set(seen).size).toBe(25);
  expect(sim.requests).toHaveLength(3);
});

test('finds repositories with one segment, data sets, folders and paths', async () => {
  expect((await get('/gpt2/resolve/main/deep/er/x.bin')).headers['x-repo-commit']).toBe(sim.commit('gpt2'));
  expect(await json('/api/models/gpt2/tree/main/deep')).toMatchObject([{ type: 'directory', path: 'deep/er' }]);
  expect(await json('/api/datasets/acme/data')).toMatchObject({ id: 'acme/data' });
  const answer = await fetch(`${sim.url}/api/models/gpt2/paths-info/main`, {
    method: 'POST',
    body: new URLSearchParams([
      ['paths', 'config.json'],
      ['paths', 'deep'],
      ['paths', 'none'],
    ]),
  });
  expect(await answer.json()).toMatchObject([{ path: 'config.json' }, { path: 'deep', type: 'directory' }]);
});

test('leads small files to the cache by a relative redirect that keeps the prefix', async () => {
  const { status, headers } = await get('/gpt2/resolve/main/config.json');
  expect([status, headers.location?.startsWith('/mirror/hf/api/resolve-cache/models/gpt2/')]).toEqual([307, true]);
  const cached = await ask(new URL(headers.location ?? '', sim.url).href);
  expect([cached.status, cached.body.toString(), cached.headers['x-repo-commit']]).toEqual([
    200,
    '{}',
    sim.commit('gpt2'),
  ]);
});

test('shows the pointer of a large file as raw', async () => {
  const raw = (await get('/gpt2/raw/main/deep/er/x.bin')).body.toString();
  expect(raw).toMatch(/^version https:\/\/git-lfs.github.com\/spec\/v1\noid sha256:[0-9a-f]{64}\nsize 7\n$/);
});

test('names its errors in headers', async () => {
  const seen = async (path: string, token?: string): Promise<unknown[]> => {
    const { status, headers } = await get(path, token);
    return [status, headers['x-error-code'], headers['x-repo-commit'] !== undefined];
  };
  expect(await seen('/gpt2/resolve/main/none')).toEqual([404, 'EntryNotFound', true]);
  expect(await seen('/gpt2/resolve/none/config.json')).toEqual([404, 'RevisionNotFound', false]);
  expect(await seen('/api/models/acme/none')).toEqual([401, 'RepoNotFound', false]);
  expect(await seen('/api/models/acme/none', 'hf_bob')).toEqual([404, 'RepoNotFound', false]);
  expect(await seen('/acme/private/resolve/main/config.json', 'hf_bob')).toEqual([404, 'RepoNotFound', false]);
  expect(await seen('/acme/gated/resolve/main/config.json')).toEqual([401, 'GatedRepo', false]);
  expect(await seen('/acme/gated/resolve/main/config.json', 'hf_bob')).toEqual([403, 'GatedRepo', false]);
  expect((await get('/acme/gated/resolve/main/config.json', 'hf_ann')).status).toBe(307);
  const bad = await get('/api/models/gpt2', 'hf_nobody');
  expect([bad.status, bad.headers['x-error-message']]).toEqual([401, 'Invalid credentials in Authorization header']);
});

test('moves the branch and keeps the old commit when content is updated', async () => {
  const before = sim.commit('gpt2');
  const after = sim.update('gpt2', { 'config.json': '{"v":2}' });
  expect(after).not.toBe(before);
  expect(await json('/api/models/gpt2')).toMatchObject({ sha: after });
  expect(await json(`/api/models/gpt2/revision/${before}`)).toMatchObject({ sha: before });
  expect(await json('/api/models/gpt2/commits/main')).toMatchObject([{ id: after }, { id: before }]);
});

test('forges listings on demand', async () => {
  const entries = [
    ...HOSTILE_PATHS.map((path) => ({ path })),
    ...HOSTILE_SIZES.map((size) => ({ path: 'twice.txt', size })),
    { path: 'config.json', size: 1e15 },
  ];
  sim.faults.add({ on: { kind: 'tree' }, fault: { type: 'edit-json', edit: forgeEntries(entries) } });
  const tree = (await json('/api/models/gpt2/tree/main?recursive=true')) as { path: string; size: number }[];
  expect(tree.map(({ path }) => path)).toEqual(expect.arrayContaining([...HOSTILE_PATHS]));
  expect(tree.filter(({ path }) => path === 'config.json')).toMatchObject([{ size: 1e15 }]);
  const sizes = tree.filter(({ path }) => path === 'twice.txt').map(({ size }) => size);
  expect(JSON.stringify(sizes)).toBe(JSON.stringify(HOSTILE_SIZES));
  sim.faults.clear();
  sim.faults.add({ fault: { type: 'body', content: endlessJson(300_000), contentType: 'application/json' } });
  const endless = await get('/api/models/gpt2/tree/main');
  expect([endless.body.length, endless.body.toString('latin1', 0, 2)]).toEqual([300_000, '[ ']);
});
