import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../base/index.js';
import type { Caller, Catalogue, Content, FaceReply, FaceRequest, Snapshot } from '../../face.js';
import type { ManifestFile } from '../../port.js';
import { createHuggingFaceFace } from './face.js';
import { MAX_OBJECTS, parseBatch } from './lfs-batch.js';

const OURS = 'http://mirror/under/a/path';
const [MAIN, DEV, OLD] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];
const oidOf = (commit: string): string => commit.slice(0, 1).repeat(64);
const TREES: Readonly<Record<string, string>> = { main: MAIN, dev: DEV, [MAIN]: MAIN, [DEV]: DEV, [OLD]: OLD };

/** A repository whose branch `main`, branch `dev` and older commit each have one object; who shows no token may have nothing of `acme/private`. */
const catalogue: Catalogue = {
  snapshot: async (ref) => {
    const commit = TREES[ref.revision ?? 'main'];
    if (commit === undefined) throw new SluiceError('REVISION_NOT_FOUND', { host: 'hub.example', repository: ref.id, revision: '' }); // prettier-ignore
    const file: ManifestFile = { path: 'model.bin', sizeBytes: 7, digests: { sha256: oidOf(commit) } };
    const pinned = { ref, revision: 'main', commit };
    return Promise.resolve({ pinned, files: [file], status: 'HIT' } satisfies Snapshot);
  },
  describe: (_, what) =>
    Promise.resolve({
      value: what === 'refs' ? { branches: [{ targetCommit: DEV }], tags: [] } : [{ id: MAIN }, { id: OLD }],
      status: 'HIT',
    }),
  ask: () => Promise.reject(new SluiceError('INTERNAL')),
  admit: (snapshot, caller) => (mayHave(snapshot, caller) ? Promise.resolve() : refuse()),
  content: (snapshot, file, caller) =>
    mayHave(snapshot, caller)
      ? Promise.resolve({ sizeBytes: file.sizeBytes ?? 0, status: 'HIT', read: () => [] as never } satisfies Content)
      : refuse(),
};

function mayHave({ pinned: { ref } }: Snapshot, { token }: Caller): boolean {
  return ref.origin !== 'hf' || ref.id !== 'acme/private' || token !== undefined;
}

function refuse(): Promise<never> {
  return Promise.reject(new SluiceError('GATED', { host: 'hub.example', repository: 'acme/private' }));
}

async function ask(path: string, more: Partial<FaceRequest> = {}): Promise<FaceReply> {
  const face = createHuggingFaceFace(catalogue, { upstreams: () => ['https://hub.example'] });
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
}

function batch(repository: string, body: unknown, caller: Caller = {}): Promise<FaceReply> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const read = (): Promise<Buffer> => Promise.resolve(Buffer.from(text));
  return ask(`/${repository}/info/lfs/objects/batch`, { method: 'POST', body: read, caller });
}

const download = (...oids: readonly string[]): object => ({
  operation: 'download',
  objects: oids.map((oid) => ({ oid, size: 7 })),
});

interface Told {
  readonly oid: string;
  readonly error?: { readonly code: number };
  readonly actions?: { readonly download: { readonly href: string } };
}
const objectsOf = (reply: FaceReply): readonly Told[] =>
  (JSON.parse(String(reply.body)) as { objects: Told[] }).objects;

describe('a batch of git-lfs', () => {
  test.each(['acme/tiny', 'acme/tiny.git', 'datasets/acme/tiny.git', 'spaces/acme/tiny', 'gpt2.git'])(
    'leads to objects of %s on this very server, wherever in the repository they are',
    async (repository) => {
      const reply = await batch(repository, download(oidOf(MAIN), oidOf(DEV), oidOf(OLD), 'f'.repeat(64)));
      const place = `${OURS}/${repository.replace(/\.git$/, '')}.git/info/lfs/objects`;
      expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/vnd.git-lfs+json']);
      expect(objectsOf(reply).map(({ actions, error }) => actions?.download.href ?? error?.code)).toEqual([
        ...[MAIN, DEV, OLD].map((commit) => `${place}/${oidOf(commit)}?commit=${commit}`),
        404,
      ]);
      for (const { actions, oid } of objectsOf(reply).slice(0, 3)) {
        const got = await ask(actions?.download.href.slice(OURS.length) ?? '');
        expect([got.status, got.headers.etag, got.content?.sizeBytes]).toEqual([200, `"${oid}"`, 7]);
      }
    },
  );

  test('says of each object what is wrong with it', async () => {
    const objects = [
      { oid: oidOf(MAIN), size: 8 },
      { oid: '../../etc/passwd', size: 7 },
    ];
    const reply = await batch('acme/tiny', { operation: 'download', objects });
    expect(objectsOf(reply).map(({ error }) => error?.code)).toEqual([422, 422]);
    expect(String(reply.body)).not.toContain('href');
  });

  test('is refused as a whole when it writes, is none, is too much, or names another hash', async () => {
    const many = Array.from({ length: MAX_OBJECTS + 1 }, () => ({ oid: oidOf(MAIN), size: 7 }));
    const statuses = [
      { ...download(oidOf(MAIN)), operation: 'upload' },
      'nonsense',
      { operation: 'download', objects: [{ oid: 1 }] },
      { operation: 'download', objects: many },
      { ...download(oidOf(MAIN)), hash_algo: 'sha512' },
      { ...download(oidOf(MAIN)), hash_algo: 'sha_256' },
    ].map(async (body) => (await batch('acme/tiny', body)).status);
    expect(await Promise.all(statuses)).toEqual([403, 422, 422, 413, 409, 200]);
    const post = { method: 'POST' } as const;
    expect((await ask('/acme/tiny.git/info/lfs/locks/verify', post)).status).toBe(404);
    expect((await ask('/acme/tiny.git/info/lfs/objects/batch')).status).toBe(405);
    expect((await ask(`/acme/tiny.git/info/lfs/objects/${oidOf(MAIN)}`, post)).status).toBe(403);
  });

  test('is for who may have the files; others are told how to show who they are', async () => {
    const refused = await batch('acme/private.git', download(oidOf(MAIN)));
    expect([refused.status, refused.headers['lfs-authenticate']]).toEqual([401, 'Basic realm="Git LFS"']);
    expect(JSON.parse(String(refused.body))).toHaveProperty('message');
    const path = `/acme/private.git/info/lfs/objects/${oidOf(MAIN)}?commit=${MAIN}`;
    expect((await ask(path)).status).toBe(401);
    expect((await ask(path, { caller: { token: 'hf_right' } })).status).toBe(200);
    expect((await batch('acme/private.git', download(oidOf(MAIN)), { token: 'hf_right' })).status).toBe(200);
  });

  test('is read without a crash whatever it is', () => {
    const depth = '['.repeat(200_000);
    expect(parseBatch(depth)).toBeUndefined();
    expect(parseBatch(depth + ']'.repeat(200_000))).toBeUndefined();
    const known = fc.record({
      operation: fc.constantFrom('download', 'upload', 'x', 1),
      objects: fc.oneof(fc.jsonValue(), fc.array(fc.record({ oid: fc.jsonValue(), size: fc.jsonValue() }))),
      ref: fc.jsonValue(),
      hash_algo: fc.jsonValue(),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          known.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        (text) => {
          for (const { oid, size } of parseBatch(text)?.objects ?? []) {
            expect(typeof oid).toBe('string');
            expect(Number.isSafeInteger(size)).toBe(true);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('whoami', () => {
  test('tells who has a token of this server who that is, without asking anybody', async () => {
    const reply = await ask('/api/whoami-v2', { who: 'ci' });
    expect(reply.status).toBe(200);
    expect(JSON.parse(String(reply.body))).toMatchObject({
      type: 'user',
      name: 'ci',
      orgs: [],
      auth: { type: 'access_token', accessToken: { displayName: 'ci', role: 'read' } },
    });
  });
});
