import { describe, expect, test } from 'vitest';

import { createHuggingFaceOrigin, parseRef } from '../index.js';
import {
  SUITE_FILES,
  describeOrigin,
  isOneOf,
  never,
  openCase,
  pinAndList,
  refusedWith,
  type OriginCase,
} from '../testing/origin-suite.js';

const revisions = [
  { name: 'v1', type: 'tag' as const, files: { 'config.json': 'tagged' } },
  { name: 'refs/pr/1', type: 'ref' as const, files: { 'config.json': 'proposed' } },
  { name: 'feature/x', type: 'branch' as const, files: { 'config.json': 'branched' } },
];

const CASE: OriginCase = {
  name: 'Hugging Face',
  listRequests: 1,
  listing: ['info', 'tree'],
  hasSizes: true,
  simOptions: { repositories: [{ id: 'acme/tiny', files: SUITE_FILES, revisions }] },
  open: (sim, options) => createHuggingFaceOrigin({ ...options, endpoint: sim.url }),
  ref: () => parseRef('hf:acme/tiny'),
  missing: () => [parseRef('hf:acme/none'), 'REPOSITORY_NOT_FOUND'],
};

const VARIANT = { ...CASE, isVariant: true } as const;

describeOrigin(CASE);
describeOrigin({
  ...VARIANT,
  name: 'Hugging Face with small pages',
  listRequests: 3,
  simOptions: { ...CASE.simOptions, habits: { treePageSize: 2 } },
});
describeOrigin({
  ...VARIANT,
  name: 'Hugging Face under a path',
  simOptions: { ...CASE.simOptions, prefix: '/artifactory/hf' },
  open: (sim, options) => createHuggingFaceOrigin({ ...options, endpoint: `${sim.url}//` }),
});
describeOrigin({
  ...VARIANT,
  name: 'a Hugging Face data set',
  simOptions: { repositories: [{ kind: 'dataset', id: 'acme/data', files: SUITE_FILES }] },
  ref: () => parseRef('hf:datasets/acme/data'),
});
describeOrigin({
  ...VARIANT,
  name: 'a Hugging Face space',
  simOptions: { repositories: [{ kind: 'space', id: 'acme/show', files: SUITE_FILES }] },
  ref: () => parseRef('hf:spaces/acme/show'),
});
describeOrigin({
  ...VARIANT,
  name: 'a Hugging Face repository without an owner',
  simOptions: { repositories: [{ id: 'gpt2', files: SUITE_FILES }] },
  ref: () => parseRef('hf:gpt2'),
});

describe('Hugging Face revisions', () => {
  test.each(['main', 'v1', 'refs/pr/1', 'feature/x'])('%s', async (revision) => {
    const { sim, origin } = await openCase(CASE);
    const pinned = await origin.pin(parseRef(`hf:acme/tiny@${revision}`), never);
    expect(pinned).toMatchObject({ revision, commit: sim.commit('acme/tiny', revision) });
  });

  test('a commit is checked too', async () => {
    const { sim, origin } = await openCase(CASE);
    const commit = sim.commit('acme/tiny', 'v1');
    expect((await origin.pin(parseRef(`hf:acme/tiny@${commit}`), never)).commit).toBe(commit);
    const other = origin.pin(parseRef(`hf:acme/tiny@${'0'.repeat(40)}`), never);
    await expect(other).rejects.toMatchObject({ code: 'REVISION_NOT_FOUND' });
  });

  test('one that is not there is said to be missing', async () => {
    const { origin } = await openCase(CASE);
    await expect(origin.pin(parseRef('hf:acme/tiny@nope'), never)).rejects.toMatchObject({
      code: 'REVISION_NOT_FOUND',
      details: { repository: 'acme/tiny', revision: 'nope' },
    });
  });
});

describe('Hugging Face access', () => {
  const repositories = [
    { id: 'acme/gated', files: SUITE_FILES, gated: true, tokens: ['hf_granted'] },
    { id: 'acme/private', files: SUITE_FILES, private: true, tokens: ['hf_granted'] },
  ];
  const users = { hf_granted: 'ann', hf_other: 'bob' };
  const opened = (token?: string): ReturnType<typeof openCase> =>
    openCase(
      { ...CASE, open: (sim, options) => createHuggingFaceOrigin({ ...options, endpoint: sim.url, token }) },
      { repositories, users },
    );

  test.each([
    ['hf:acme/private', undefined, 'REPOSITORY_NOT_FOUND'],
    ['hf:acme/private', 'hf_other', 'REPOSITORY_NOT_FOUND'],
    ['hf:acme/private', 'hf_wrong', 'UNAUTHORIZED'],
  ])('%s with %s is %s', async (ref, token, code) => {
    const { origin } = await opened(token);
    await expect(pinAndList(origin, parseRef(ref))).rejects.toMatchObject({ code });
  });

  test.each([
    [undefined, 'GATED'],
    ['hf_other', 'GATED'],
    ['hf_granted', undefined],
  ])('files of a gated repository with %s: %s', async (token, code) => {
    const { origin, transport } = await opened(token);
    const { pinned, files } = await pinAndList(origin, parseRef('hf:acme/gated'));
    for (const file of files) expect(await refusedWith(transport, origin.source(pinned, file))).toBe(code);
  });

  test('a token that was granted access gets in, and goes nowhere else', async () => {
    const { origin, sim } = await opened('hf_granted');
    expect((await pinAndList(origin, parseRef('hf:acme/private'))).files).toHaveLength(4);
    expect(sim.requests.map(({ authorization }) => authorization)).toEqual(['Bearer hf_granted', 'Bearer hf_granted']);
    expect(sim.leaks).toEqual([]);
  });

  test.each(['hf_a\nb', 'hf_\u0007', 'ключ', 'a b', 'x'.repeat(5000)])('a token like %j is a bad setting', (token) => {
    const make = (): unknown =>
      createHuggingFaceOrigin({ token, transport: undefined!, gate: undefined!, emit: () => {} });
    expect(make).toThrow(expect.objectContaining({ code: 'BAD_SETTING' }));
    expect(make).not.toThrow(token);
  });
});

describe('what Hugging Face tells besides files', () => {
  test('a description without its listing, branches and tags, and the history', async () => {
    const { sim, origin, ref } = await openCase(
      { ...CASE },
      { repositories: [{ id: 'acme/tiny', files: SUITE_FILES, revisions }] },
    );
    const pinned = await origin.pin(ref, never);
    const info = await origin.describe?.(pinned, 'info', never);
    expect(info).toMatchObject({ id: 'acme/tiny', sha: pinned.commit, tags: ['license:apache-2.0'] });
    expect(info).not.toHaveProperty('siblings');
    expect(await origin.describe?.(pinned, 'refs', never)).toMatchObject({
      branches: [{ name: 'feature/x' }, { name: 'main' }],
      tags: [{ name: 'v1' }],
      pullRequests: [{ ref: 'refs/pr/1' }],
    });
    const before = pinned.commit;
    const after = sim.update('acme/tiny', { 'config.json': 'new' });
    const moved = await origin.pin(ref, never);
    const history = (await origin.describe?.(moved, 'commits', never)) as { id: string }[];
    expect(history.map(({ id }) => id)).toEqual(expect.arrayContaining([after, before]));
  });

  test('a history of many pages is read as one, in a circle too', async () => {
    const link = '<https://elsewhere.example/api/x?p=1>; rel="next"';
    const { origin, ref, sim } = await openCase(CASE, {
      faults: [{ on: { kind: 'commits' }, fault: { type: 'headers', headers: { link } } }],
    });
    const pinned = await origin.pin(ref, never);
    const [first, ...rest] = (await origin.describe?.(pinned, 'commits', never)) as { id: string }[];
    expect(rest.filter(({ id }) => id === first?.id)).toHaveLength(1);
    const asked = sim.requests.filter(({ kind }) => kind === 'commits').map(({ url }) => url.split('?')[1]);
    expect(asked).toEqual([undefined, 'p=1']);
  });

  test('who the caller is, and what fits a search, with the way to its next page', async () => {
    const link = '<https://elsewhere.example/api/models?cursor=abc>; rel="next"';
    const { origin } = await openCase(
      { ...CASE, open: (sim, options) => createHuggingFaceOrigin({ ...options, endpoint: sim.url, token: 'hf_ann' }) },
      { users: { hf_ann: 'ann' }, faults: [{ on: { kind: 'search' }, fault: { type: 'headers', headers: { link } } }] },
    );
    expect(await origin.ask?.({ what: 'caller' }, never)).toMatchObject({ value: { name: 'ann' } });
    expect(await origin.ask?.({ what: 'search', kind: 'model', query: 'search=tin' }, never)).toMatchObject({
      value: [{ id: 'acme/tiny' }],
      nextQuery: 'cursor=abc',
    });
  });
});

describe('Hugging Face refusals without a code', () => {
  const status = (code: number, headers: Record<string, string>, body = ''): ReturnType<typeof openCase> =>
    openCase(CASE, { faults: [{ fault: { type: 'status', status: code, headers, body } }] });

  test.each([
    [404, {}, '{"error":"Repository not found"}', 'REPOSITORY_NOT_FOUND'],
    [404, {}, '{"error":"Invalid rev id: x"}', 'REVISION_NOT_FOUND'],
    [404, {}, 'Not Found', 'REPOSITORY_NOT_FOUND'],
    [401, { 'x-error-code': 'RepoNotFound' }, '', 'REPOSITORY_NOT_FOUND'],
    [401, { 'x-error-message': 'Invalid credentials in Authorization header' }, '', 'UNAUTHORIZED'],
    [401, {}, '', 'UNAUTHORIZED'],
    [403, { 'x-error-message': 'Access to this resource is disabled.' }, '', 'FORBIDDEN'],
    [403, { 'x-error-code': 'GatedRepo' }, '', 'GATED'],
    [403, {}, '', 'FORBIDDEN'],
    [400, {}, '{"error":"bad"}', 'BAD_RESPONSE'],
  ])('%d %o %s is %s', async (code, headers, body, expected) => {
    const { origin, ref } = await status(code, headers, body);
    await expect(origin.pin(ref, never)).rejects.toMatchObject({ code: expected });
  });

  test('its words are shown', async () => {
    const { origin, ref } = await status(403, { 'x-error-message': 'Access to this resource is disabled.' });
    await expect(origin.pin(ref, never)).rejects.toThrow('Access to this resource is disabled.');
  });
});

describe('hostile Hugging Face listings', () => {
  const file = { type: 'file', oid: 'a'.repeat(40), size: 1 };
  const edited = (edit: (entries: unknown[]) => unknown): ReturnType<typeof openCase> =>
    openCase(CASE, {
      faults: [{ on: { kind: 'tree' }, fault: { type: 'edit-json', edit: (value) => edit(value as unknown[]) } }],
    });

  test.each([
    ['../../x'],
    ['/etc/passwd'],
    ['a/../../b'],
    ['a//b'],
    ['a\\b'],
    ['C:x'],
    ['a\u0000b'],
    ['\u202egnp.exe'],
    [''],
    ['x'.repeat(300)],
  ])('the path %j is unsafe', async (path) => {
    const { origin, ref } = await edited((entries) => [...entries, { ...file, path }]);
    await expect(pinAndList(origin, ref)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test.each([
    ['a size of 10^15', { ...file, path: 'x', size: 1e15 }],
    ['a size beyond integers', { ...file, path: 'x', size: 1e300 }],
    ['a negative size', { ...file, path: 'x', size: -1 }],
    ['a size of no number', { ...file, path: 'x', size: '1' }],
    ['a fraction', { ...file, path: 'x', size: 1.5 }],
    ['an LFS file without a digest', { ...file, path: 'x', lfs: { size: 1 } }],
    ['an LFS file with a short digest', { ...file, path: 'x', lfs: { size: 1, oid: 'ab' } }],
    ['a huge LFS size', { ...file, path: 'x', lfs: { size: 1e15, oid: 'b'.repeat(64) } }],
    ['no object id', { ...file, path: 'x', oid: 'nope' }],
    ['a path of no text', { ...file, path: 7 }],
    ['no object', null],
    ['a file twice', { ...file, path: 'config.json' }],
    ['a file in other letters', { ...file, path: 'CONFIG.json' }],
    ['a file where a folder is', { ...file, path: 'sub' }],
    ['a folder where a file is', { ...file, path: 'vocab.txt/x' }],
  ])('%s makes no sense', async (_, entry) => {
    const { origin, ref } = await edited((entries) => [...entries, entry]);
    await expect(pinAndList(origin, ref)).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  });

  test('folders, unknown kinds and hidden Xet ids are passed over', async () => {
    const { origin, ref } = await edited((entries) => [
      ...entries,
      { type: 'directory', path: '../../x' },
      { type: 'submodule', path: 'm' },
      { ...file, path: 'x1', xetHash: 'redacted' },
      { ...file, path: 'x2', xetHash: 'C'.repeat(64) },
    ]);
    const { files } = await pinAndList(origin, ref);
    expect(files.find(({ path }) => path === 'x1')).not.toHaveProperty('xetHash');
    expect(files.find(({ path }) => path === 'x2')).toMatchObject({ xetHash: 'c'.repeat(64) });
    expect(files).toHaveLength(6);
  });

  test('a commit that is none is refused', async () => {
    const { origin, ref } = await openCase(CASE, {
      faults: [{ on: { kind: 'info' }, fault: { type: 'edit-json', edit: () => ({ sha: 'main' }) } }],
    });
    await expect(origin.pin(ref, never)).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  });

  test('a next page elsewhere is asked for here', async () => {
    const link = '<https://elsewhere.example/api/models/x?recursive=true&cursor=Mg>; rel="next"';
    const { origin, ref, sim } = await openCase(CASE, {
      faults: [{ on: { kind: 'tree', times: 1 }, fault: { type: 'headers', headers: { link } } }],
      habits: { treePageSize: 2 },
    });
    await expect(pinAndList(origin, ref)).resolves.toBeDefined();
    expect(sim.requests.filter(({ kind }) => kind === 'tree').length).toBeGreaterThan(1);
  });

  test('pages in a circle end', async () => {
    const link = '<http://x/?cursor=Mg>; rel="next"';
    const { origin, ref } = await openCase(CASE, {
      faults: [{ on: { kind: 'tree' }, fault: { type: 'headers', headers: { link } } }],
    });
    await expect(pinAndList(origin, ref)).rejects.toSatisfy(isOneOf('BAD_MANIFEST'));
  });
});

test.each(['ftp://x', 'nonsense', 'https://user:pass@host', 'https://host/?a=b'])(
  'the endpoint %s is a bad setting',
  (endpoint) => {
    const make = (): unknown =>
      createHuggingFaceOrigin({ endpoint, transport: undefined!, gate: undefined!, emit: () => {} });
    expect(make).toThrow(expect.objectContaining({ code: 'BAD_SETTING' }));
  },
);

test.each([undefined, '', ' '])('the endpoint %j is the public hub', (endpoint) => {
  const origin = createHuggingFaceOrigin({ endpoint, transport: undefined!, gate: undefined!, emit: () => {} });
  expect(origin).toMatchObject({ id: 'huggingface.co', endpoint: 'https://huggingface.co' });
});
