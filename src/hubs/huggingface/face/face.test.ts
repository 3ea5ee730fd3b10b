import { expect, test } from 'vitest';
import { SluiceError } from '../../../base/index.js';
import type { Catalogue, FaceReply, FaceRequest, Snapshot } from '../../face.js';
import type { ManifestFile } from '../../port.js';
import { createHuggingFaceFace } from './face.js';

const COMMIT = 'c'.repeat(40);
const OURS = 'http://mirror/under/a/path';

/** A face over a repository of so many files. */
function open(
  count: number,
  {
    upstreams = () => ['https://hub.example'],
    describe,
  }: { upstreams?: () => readonly string[]; describe?: Catalogue['describe'] } = {},
): (path: string, more?: Partial<FaceRequest>) => Promise<FaceReply> {
  const files: ManifestFile[] = Array.from({ length: count }, (_, index) => ({
    path: `folder ${index % 7}/${String(index).padStart(7, '0')}.json`,
    sizeBytes: index,
    digests: { gitSha1: 'a'.repeat(40) },
  })).sort((a, b) => (a.path < b.path ? -1 : 1));
  const snapshot: Snapshot = {
    pinned: { ref: { origin: 'hf', kind: 'model', id: 'acme/many' }, revision: 'main', commit: COMMIT, isPublic: true },
    files,
    status: 'HIT',
  };
  const none = (): Promise<never> => Promise.reject(new SluiceError('CONNECT', { host: 'hub.example' }));
  const catalogue: Catalogue = {
    snapshot: () => Promise.resolve(snapshot),
    describe: describe ?? none,
    ask: none,
    admit: () => Promise.resolve(),
    content: none,
  };
  const face = createHuggingFaceFace(catalogue, { upstreams });
  return async (path, more = {}) => {
    const [pathname = '', search] = path.split('?');
    const request: FaceRequest = {
      method: 'GET',
      path: pathname,
      query: new URLSearchParams(search),
      headers: {},
      publicUrl: OURS,
      caller: {},
      signal: new AbortController().signal,
      body: () => Promise.resolve(Buffer.alloc(0)),
      ...more,
    };
    return (await face.answer(request)) ?? { status: 0, headers: {} };
  };
}

const entriesOf = ({ body }: FaceReply): { path: string }[] => JSON.parse(String(body)) as { path: string }[];

test('a listing beyond a page goes on by links to our own public address, each entry once', async () => {
  const ask = open(25_000);
  let path: string | undefined = '/api/models/acme/many/tree/main?recursive=true&expand=true';
  const sizes: number[] = [];
  const seen = new Set<string>();
  while (path !== undefined) {
    const reply: FaceReply = await ask(path);
    const entries = entriesOf(reply);
    sizes.push(entries.length);
    for (const entry of entries) seen.add(entry.path);
    const next: string | undefined = /^<([^>]+)>; rel="next"$/.exec(reply.headers.link ?? '')?.[1];
    expect(next ?? `${OURS}/api/models/acme/many/tree/${COMMIT}?`).toContain(
      `${OURS}/api/models/acme/many/tree/${COMMIT}?`,
    );
    path = next?.slice(OURS.length);
  }
  expect([sizes, seen.size]).toEqual([[10_000, 10_000, 5007], 25_007]);
});

test('a million files are listed by pages, and a folder among them by itself', async () => {
  const ask = open(1_000_000);
  const cursor = Buffer.from('999990').toString('base64url');
  expect(entriesOf(await ask(`/api/models/acme/many/tree/main?recursive=true&cursor=${cursor}`))).toHaveLength(17);
  expect(entriesOf(await ask('/api/models/acme/many/tree/main'))).toHaveLength(7);
  expect(entriesOf(await ask('/api/models/acme/many/tree/main/folder%203?limit=5'))).toHaveLength(5);
});

test('files can be had and listed when nothing else can be told', async () => {
  const ask = open(3);
  const reply = await ask('/api/models/acme/many');
  expect(JSON.parse(String(reply.body))).toMatchObject({
    id: 'acme/many',
    sha: COMMIT,
    private: false,
    siblings: [{}, {}, {}],
  });
  for (const path of [
    '/api/models/acme/many/refs',
    '/api/models?search=x',
    '/acme/many/resolve/main/folder%201/0000001.json',
  ]) {
    const failed = await ask(path);
    expect([failed.status, failed.headers['retry-after'], failed.headers['x-error-code']]).toEqual([
      503,
      '5',
      undefined,
    ]);
    expect(JSON.stringify(failed)).not.toContain('hub.example');
  }
});

test('what is not ours is left to others, what cannot be done is said', async () => {
  const ask = open(1);
  const statuses = async (...asked: readonly [string, Partial<FaceRequest>?][]): Promise<number[]> =>
    Promise.all(asked.map(async ([path, more]) => (await ask(path, more)).status));
  expect(await statuses(['/'], ['/v2/'], ['/api/v1/models/a/b'], ['/a/b'], ['/a/b/c/resolve/main/x'])).toEqual([
    0, 0, 0, 0, 0,
  ]);
  const post = { method: 'POST' } as const;
  expect(
    await statuses(
      ['/api/models/acme/many/commit/main', post],
      ['/api/models/acme/many/tree/main', post],
      ['/api/repos/create', post],
      ['/api/models/acme/many/paths-info/main'],
      ['/api/models/acme/many/paths-info/main', { ...post, headers: { 'content-type': 'application/json' } }],
      ['/api/models/acme/many/auth-check/write'],
      ['/api/models/acme/many/tree/main/%00'],
      ['/api/models/acme/many/tree/%E0%A4%A'],
      ['/api/whoami-v2'],
    ),
  ).toEqual([403, 403, 403, 405, 400, 403, 404, 404, 401]);
});

test('an upstream that came after the start is named no more than the first', async () => {
  let upstreams = ['https://hub.example'];
  const value = { cardData: { text: 'see http://one.example/x and http://two.example/y' } };
  const describe: Catalogue['describe'] = () => Promise.resolve({ value, status: 'HIT' });
  const ask = open(1, { upstreams: () => upstreams, describe });
  const text = async (): Promise<string> => String((await ask('/api/models/acme/many')).body);
  expect(await text()).toContain('one.example');
  upstreams = ['http://one.example'];
  expect(await text()).not.toContain('one.example');
  upstreams = ['http://one.example', 'http://two.example'];
  expect(await text()).not.toContain('two.example');
});

test('bombs in questions for paths are refused or bounded', async () => {
  const ask = open(10);
  const path = '/api/models/acme/many/paths-info/main';
  const post = (text: string, type = 'application/x-www-form-urlencoded'): Promise<FaceReply> => {
    const read = (): Promise<Buffer> => Promise.resolve(Buffer.from(text));
    return ask(path, { method: 'POST', headers: { 'content-type': type }, body: read });
  };
  const known = 'folder 0/0000000.json';
  const repeated = await post(Array.from({ length: 100_000 }, () => `paths=${known}`).join('&'));
  expect(entriesOf(repeated).map((entry) => entry.path)).toEqual([known]);
  expect((await post(Array.from({ length: 10_001 }, (_, index) => `paths=${index}`).join('&'))).status).toBe(413);
  const json = 'application/json';
  expect((await post('['.repeat(2_000_000), json)).status).toBe(400);
  expect((await post(`{"paths":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`, json)).status).toBe(400);
  expect((await post(`{"paths":[${'"a",'.repeat(1_000_000)}"a"]}`, json)).status).toBe(200);
});
