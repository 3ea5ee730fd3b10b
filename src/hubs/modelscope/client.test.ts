import { describe, expect, test } from 'vitest';

import type { Fault, SimOptions } from '../../sim/index.js';
import { createModelScopeOrigin, parseRef } from '../index.js';
import { SUITE_FILES, describeOrigin, never, openCase, pinAndList, type OriginCase } from '../testing/origin-suite.js';

const revisions = [
  { name: 'v1', type: 'tag' as const, files: { 'config.json': 'tagged' } },
  { name: 'dev', type: 'branch' as const, files: { 'config.json': 'branched' } },
];

const CASE: OriginCase = {
  name: 'ModelScope',
  listRequests: 1,
  listing: ['ms-revisions', 'ms-files'],
  hasSizes: true,
  simOptions: { repositories: [{ id: 'acme/tiny', files: SUITE_FILES, revisions }] },
  open: (sim, options) => createModelScopeOrigin({ ...options, endpoint: sim.url }),
  ref: () => parseRef('ms:acme/tiny'),
  missing: () => [parseRef('ms:acme/none'), 'REPOSITORY_NOT_FOUND'],
};
const VARIANT = { ...CASE, isVariant: true } as const;

const editing = (kind: 'ms-revisions' | 'ms-files', edit: (data: Record<string, unknown>) => unknown): SimOptions => {
  const fault: Fault = {
    type: 'edit-json',
    edit: (value) => {
      const envelope = value as { Data: Record<string, unknown> };
      return { ...envelope, Data: edit(envelope.Data) };
    },
  };
  return { faults: [{ on: { kind }, fault }] };
};

describeOrigin(CASE);
describeOrigin({
  ...VARIANT,
  name: 'a ModelScope data set',
  simOptions: { repositories: [{ kind: 'dataset', id: 'acme/data', files: SUITE_FILES }] },
  ref: () => parseRef('ms:datasets/acme/data'),
});

describe('ModelScope revisions', () => {
  test.each([
    [undefined, 'master', 'master'],
    ['main', 'master', 'master'],
    ['master', 'master', 'master'],
    ['v1', 'v1', 'v1'],
    ['dev', 'dev', 'dev'],
  ])('%s is %s', async (revision, name, simName) => {
    const { sim, origin } = await openCase(CASE);
    const pinned = await origin.pin(parseRef(`ms:acme/tiny${revision === undefined ? '' : `@${revision}`}`), never);
    expect(pinned).toMatchObject({ revision: name, commit: sim.commit('acme/tiny', simName, 'modelscope') });
    expect(pinned.createdAtS).toBeGreaterThan(1_000_000_000);
  });

  test('a commit is itself, and its listing tells whether it exists', async () => {
    const { sim, origin } = await openCase(CASE);
    const commit = sim.commit('acme/tiny', 'v1', 'modelscope');
    const { pinned, files } = await pinAndList(origin, parseRef(`ms:acme/tiny@${commit}`));
    expect([pinned.commit, files.length]).toEqual([commit, 1]);
    const other = pinAndList(origin, parseRef(`ms:acme/tiny@${'0'.repeat(40)}`));
    await expect(other).rejects.toMatchObject({ code: 'REVISION_NOT_FOUND' });
  });

  test('one that is not there is said to be missing', async () => {
    const { origin } = await openCase(CASE);
    await expect(origin.pin(parseRef('ms:acme/tiny@nope'), never)).rejects.toMatchObject({
      code: 'REVISION_NOT_FOUND',
      details: { repository: 'acme/tiny', revision: 'nope' },
    });
  });

  test('one that only its listing misses is missing', async () => {
    const { origin, ref } = await openCase(CASE, {
      faults: [{ on: { kind: 'ms-files' }, fault: { type: 'status', status: 404 } }],
    });
    await expect(pinAndList(origin, ref)).rejects.toMatchObject({
      code: 'REVISION_NOT_FOUND',
      details: { repository: 'acme/tiny', revision: 'master' },
    });
  });

  test('a hub that names no commits is pinned by its listing, and asked by the name of the branch', async () => {
    const options = editing('ms-revisions', () => ({
      RevisionMap: { Branches: [{ Revision: 'master', CreatedAt: 1_700_000_000 }], Tags: null },
    }));
    const { sim, origin, ref } = await openCase(CASE, options);
    const manifest = await pinAndList(origin, ref);
    expect(manifest.pinned.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(sim.requests).toHaveLength(2);
    expect(origin.source(manifest.pinned, manifest.files[0]!).url).toContain('Revision=master');
    expect((await origin.pin(ref, never)).commit).toBe(manifest.pinned.commit);
    sim.update('acme/tiny', { 'config.json': 'new' });
    expect((await origin.pin(ref, never)).commit).not.toBe(manifest.pinned.commit);
  });

  test('data sets without a list of revisions are pinned by their listing', async () => {
    const { origin } = await openCase(
      { ...VARIANT, simOptions: { repositories: [{ kind: 'dataset', id: 'acme/data', files: SUITE_FILES }] } },
      { faults: [{ on: { kind: 'ms-revisions' }, fault: { type: 'status', status: 404 } }] },
    );
    expect((await pinAndList(origin, parseRef('ms:datasets/acme/data'))).files).toHaveLength(4);
  });
});

test('data sets are listed page by page', async () => {
  const files = Object.fromEntries(Array.from({ length: 450 }, (_, index) => [`f${index}`, 'x']));
  const { sim, origin } = await openCase({
    ...CASE,
    simOptions: { repositories: [{ kind: 'dataset', id: 'acme/data', files }] },
  });
  expect((await pinAndList(origin, parseRef('ms:datasets/acme/data'))).files).toHaveLength(450);
  expect(sim.requests).toHaveLength(4);
});

describe('ModelScope access', () => {
  const repositories = [
    { id: 'acme/gated', files: SUITE_FILES, gated: true, tokens: ['ms-granted'] },
    { id: 'acme/private', files: SUITE_FILES, private: true, tokens: ['ms-granted'] },
  ];
  const users = { 'ms-granted': 'ann', 'ms-other': 'bob' };
  const opened = (token?: string): ReturnType<typeof openCase> =>
    openCase(
      { ...CASE, open: (sim, options) => createModelScopeOrigin({ ...options, endpoint: sim.url, token }) },
      { repositories, users },
    );

  test.each([
    ['ms:acme/gated', undefined, 'GATED'],
    ['ms:acme/gated', 'ms-other', 'GATED'],
    ['ms:acme/private', undefined, 'REPOSITORY_NOT_FOUND'],
    ['ms:acme/private', 'ms-wrong', 'UNAUTHORIZED'],
  ])('%s with %s is %s', async (ref, token, code) => {
    const { origin } = await opened(token);
    await expect(pinAndList(origin, parseRef(ref))).rejects.toMatchObject({ code });
  });

  test('a token goes as bearer and as cookie', async () => {
    const { origin, sim } = await opened('ms-granted');
    expect((await pinAndList(origin, parseRef('ms:acme/private'))).files).toHaveLength(4);
    for (const { headers } of sim.requests)
      expect(headers).toMatchObject({ authorization: 'Bearer ms-granted', cookie: 'm_session_id=ms-granted' });
  });

  test.each([
    ['ms:acme/gated', 'ms-granted', false],
    ['ms:acme/private', 'ms-granted', false],
    ['ms:acme/open', 'ms-granted', true],
    ['ms:acme/open', undefined, true],
    ['ms:acme/none', undefined, false],
  ])('%s, asked with %s, is public: %s', async (ref, token, isPublic) => {
    const { origin, sim } = await openCase(
      { ...CASE, open: (at, options) => createModelScopeOrigin({ ...options, endpoint: at.url, token }) },
      { repositories: [...repositories, { id: 'acme/open', files: SUITE_FILES }], users },
    );
    expect(await origin.isPublic?.(parseRef(ref), never)).toBe(isPublic);
    for (const { headers } of sim.requests)
      expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined]);
  });

  test('studios are not for pulling', async () => {
    const { origin, sim } = await openCase(CASE);
    const got = origin.pin(parseRef('ms:spaces/acme/show'), never);
    await expect(got).rejects.toMatchObject({ code: 'BAD_REF', message: expect.stringContaining('studios') as string });
    expect(sim.requests).toHaveLength(0);
  });
});

describe('refusals inside an answer with status 200', () => {
  test.each([
    [404, 'the model does not exist', 'REPOSITORY_NOT_FOUND'],
    [10_010_205_001, 'record not found', 'REPOSITORY_NOT_FOUND'],
    [10_010_205_001, 'revision x not found', 'REVISION_NOT_FOUND'],
    [10_010_300_403, 'no permission', 'FORBIDDEN'],
    [401, 'log in', 'UNAUTHORIZED'],
    [500, 'oops', 'SERVER_ERROR'],
    [7, 'odd', 'BAD_RESPONSE'],
  ])('%d %s is %s', async (Code, Message, code) => {
    const fault: Fault = { type: 'edit-json', edit: () => ({ Code, Message, Success: false, Data: null }) };
    const { origin, ref } = await openCase(CASE, { faults: [{ fault }] });
    await expect(origin.pin(ref, never)).rejects.toMatchObject({ code });
  });
});

describe('hostile ModelScope listings', () => {
  const file = { Type: 'blob', Size: 1, Sha256: 'a'.repeat(64) };

  test.each([
    ['an unsafe path', { ...file, Path: '../x' }, 'UNSAFE_PATH'],
    ['a size of 10^15', { ...file, Path: 'x', Size: 1e15 }, 'BAD_MANIFEST'],
    ['a negative size', { ...file, Path: 'x', Size: -1 }, 'BAD_MANIFEST'],
    ['no size', { ...file, Path: 'x', Size: null }, 'BAD_MANIFEST'],
    ['a digest of another kind', { ...file, Path: 'x', Sha256: 'abc' }, 'BAD_MANIFEST'],
    ['no path', { ...file }, 'BAD_MANIFEST'],
    ['no object', 'x', 'BAD_MANIFEST'],
    ['a file twice', { ...file, Path: 'config.json' }, 'BAD_MANIFEST'],
  ])('%s', async (_, entry, code) => {
    const options = editing('ms-files', (data) => ({ ...data, Files: [...(data.Files as unknown[]), entry] }));
    const { origin, ref } = await openCase(CASE, options);
    await expect(pinAndList(origin, ref)).rejects.toMatchObject({ code });
  });

  test.each([undefined, '', null])('a digest of %j is none', async (Sha256) => {
    const options = editing('ms-files', () => ({ Files: [{ ...file, Path: 'x', Sha256, Revision: 'b'.repeat(40) }] }));
    const { origin, ref } = await openCase(CASE, options);
    expect((await pinAndList(origin, ref)).files).toEqual([
      { path: 'x', sizeBytes: 1, digests: {}, fileRevision: 'b'.repeat(40) },
    ]);
  });

  test('a repository without files is empty', async () => {
    const { origin, ref } = await openCase(
      CASE,
      editing('ms-files', () => ({ Files: null })),
    );
    expect((await pinAndList(origin, ref)).files).toEqual([]);
  });
});
