import { afterEach, beforeEach, expect, test } from 'vitest';
import { forgeEntries, startSim, type Sim } from '../index.js';
import { ask } from '../testing/ask.js';

interface Envelope {
  readonly Code: number;
  readonly Success: boolean;
  readonly Data: Record<string, unknown>;
}

const rows = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`data/${index}.csv`, String(index)]));
let sim: Sim;
beforeEach(async () => {
  sim = await startSim({
    users: { 'ms-ann': 'ann' },
    repositories: [
      {
        id: 'acme/tiny',
        files: { 'config.json': '{}', 'sub/x.bin': 'weights' },
        revisions: [{ name: 'v1.0', type: 'tag', files: { 'config.json': '{"v":1}' } }],
      },
      { id: 'acme/private', private: true, tokens: ['ms-ann'], files: { a: 'a' } },
      { id: 'acme/rows', kind: 'dataset', files: rows },
    ],
  });
});
afterEach(() => sim.stop());

async function call(path: string, headers: Record<string, string> = {}): Promise<Envelope & { status: number }> {
  const { status, body } = await ask(`${sim.url}/api/v1${path}`, headers);
  return { status, ...(JSON.parse(body.toString()) as Envelope) };
}

test('lists branches and tags with the times that old clients die without', async () => {
  const { Data } = await call('/models/acme/tiny/revisions?EndTime=1');
  expect(Data.RevisionMap).toMatchObject({
    Branches: [{ Revision: 'master', CommitId: sim.commit('acme/tiny', 'master', 'modelscope') }],
    Tags: [{ Revision: 'v1.0' }],
  });
  expect((await call('/models/acme/tiny')).Data).toMatchObject({
    Path: 'acme',
    Name: 'tiny',
    DefaultRevision: 'master',
  });
  expect((await call('/repos/internalAccelerationInfo')).Data).toEqual({ InternalRegionQueryAddress: '' });
});

test('lists a folder or everything', async () => {
  const paths = async (query: string): Promise<string[]> => {
    const { Data } = await call(`/models/acme/tiny/repo/files?Revision=master${query}`);
    return (Data.Files as { Path: string }[]).map(({ Path }) => Path);
  };
  expect(await paths('')).toEqual(['sub', 'config.json']);
  expect(await paths('&Recursive=True')).toEqual(['sub', 'sub/x.bin', 'config.json']);
  expect(await paths('&Recursive=True&Root=sub')).toEqual(['sub/x.bin']);
});

test('gives ranges of a file, of any revision', async () => {
  const url = `${sim.url}/api/v1/models/acme/tiny/repo?Revision=v1.0&FilePath=config.json`;
  const heard = await ask(url, { range: 'bytes=0-3' });
  expect([heard.status, heard.body.toString()]).toEqual([206, '{"v"']);
});

test('pages data sets, by name and by number', async () => {
  const { Data: info } = await call('/datasets/acme/rows');
  for (const id of ['acme/rows', String(info.Id)]) {
    const sizes = [];
    for (const page of [1, 2, 3]) {
      const { Data } = await call(
        `/datasets/${id}/repo/tree?Revision=master&Root=/&Recursive=True&PageNumber=${page}&PageSize=10`,
      );
      sizes.push((Data.Files as unknown[]).length);
    }
    expect(sizes).toEqual([10, 3, 0]);
  }
});

test('takes a token as bearer or as cookie, and refuses unknown ones', async () => {
  expect((await call('/models/acme/private/revisions')).status).toBe(404);
  expect((await call('/models/acme/private/revisions', { authorization: 'Bearer ms-ann' })).status).toBe(200);
  expect((await call('/models/acme/private/revisions', { cookie: 'm_session_id=ms-ann' })).status).toBe(200);
  expect((await call('/models/acme/tiny', { cookie: 'm_session_id=other' })).status).toBe(401);
});

test('wraps its errors', async () => {
  expect(await call('/models/acme/none')).toMatchObject({ status: 404, Code: 10_010_205_001, Success: false });
  expect((await call('/models/acme/tiny/repo?Revision=master&FilePath=none')).status).toBe(404);
  expect((await call('/models/acme/tiny/repo/files?Revision=none')).status).toBe(404);
});

test('forges listings on demand', async () => {
  sim.faults.add({ on: { kind: 'ms-files' }, fault: { type: 'edit-json', edit: forgeEntries([{ path: '../../x' }]) } });
  const { Data } = await call('/models/acme/tiny/repo/files?Revision=master&Recursive=True');
  expect((Data.Files as { Path: string }[]).at(-1)).toMatchObject({ Path: '../../x', Size: 1, Type: 'blob' });
});
