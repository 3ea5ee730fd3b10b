import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../base/index.js';
import type { Caller, Catalogue, Content, FaceReply, FaceRequest, Snapshot, Span } from '../../face.js';
import { createContentService, type ContentServiceOptions } from './content-service.js';

const GB = 1000 ** 3;
const SIZE = 61 * GB + 5;
const COMMIT = 'c'.repeat(40);
const FILE = { path: 'large.safetensors', sizeBytes: SIZE, digests: { sha256: 'a'.repeat(64) } };
const SIGNAL = new AbortController().signal;

/** A byte by its place in a file that is nowhere. */
const byteAt = (place: number): number => (place ^ Math.floor(place / 2 ** 17)) & 0xff;

interface World {
  isPublic: boolean;
  /** The token that opens what is not public. */
  granted: string;
  wrongAtMs: number | undefined;
  nowMs: number;
  reads: Span[];
}

function open(more: Partial<ContentServiceOptions> = {}) {
  const world: World = { isPublic: true, granted: 'hf_ann', wrongAtMs: undefined, nowMs: 1e12, reads: [] };
  const snapshot: Snapshot = {
    pinned: { ref: { origin: 'hf', kind: 'model', id: 'acme/x', revision: COMMIT }, revision: COMMIT, commit: COMMIT },
    files: [FILE],
    status: 'HIT',
  };
  const admit = (caller: Caller): void => {
    if (!world.isPublic && caller.token !== world.granted)
      throw new SluiceError('GATED', { host: 'h', repository: 'r' });
  };
  const content: Content = {
    sizeBytes: SIZE,
    status: 'HIT',
    get wrongAtMs() {
      return world.wrongAtMs;
    },
    async *read(span) {
      world.reads.push(span);
      for (let at = span.startByte; at < span.endByte; at += 50_000) {
        const length = Math.min(50_000, span.endByte - at);
        yield Buffer.from(Array.from({ length }, (_, index) => byteAt(at + index)));
      }
    },
  };
  const current = (): Snapshot => ({ ...snapshot, pinned: { ...snapshot.pinned, isPublic: world.isPublic } });
  const catalogue: Catalogue = {
    snapshot: () => Promise.resolve(current()),
    describe: () => Promise.reject(new Error('not asked here')),
    ask: () => Promise.reject(new Error('not asked here')),
    admit: async (_, caller) => admit(caller),
    content: async (_, __, caller) => {
      admit(caller);
      return content;
    },
  };
  const service = createContentService(catalogue, { key: Buffer.alloc(32, 7), now: () => world.nowMs, ...more });
  const ask = async (
    target: string,
    headers: Record<string, string> = {},
    method: FaceRequest['method'] = 'GET',
    body = '',
  ) => {
    const { pathname, search } = new URL(target, 'http://mirror');
    const reply = await service.face.answer({
      method,
      path: pathname.replace('/under', ''),
      query: new URLSearchParams(search),
      headers,
      publicUrl: 'http://mirror/under',
      caller: {},
      signal: SIGNAL,
      body: () => Promise.resolve(Buffer.from(body)),
    });
    return reply ?? { status: 0, headers: {} };
  };
  const bearer = (caller: Caller = {}): Record<string, string> => ({
    authorization: `Bearer ${service.token(current(), caller).accessToken}`,
  });
  return { world, service, ask, bearer, id: service.fileId(FILE) ?? '' };
}

interface Answer {
  readonly offset_into_first_range: number;
  readonly terms: readonly { hash: string; unpacked_length: number; range: { start: number; end: number } }[];
  readonly xorbs: Record<
    string,
    { url: string; ranges: { chunks: object; bytes: { start: number; end: number } }[] }[]
  >;
  readonly fetch_info: Record<string, { url: string; url_range: { start: number; end: number } }[]>;
}
const parse = (reply: FaceReply): Answer => JSON.parse(String(reply.body)) as Answer;

async function bytesOf(reply: FaceReply, startByte: number, endByte: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of reply.content?.read({ startByte, endByte }, SIGNAL) ?? []) parts.push(part);
  return Buffer.concat(parts);
}

describe('a content service over plain files', () => {
  test('gives bytes far behind 50 GB, in both versions and by all names of the call', async () => {
    const { ask, bearer, id } = open();
    const start = 60 * GB + 12_345;
    for (const path of ['v1/reconstructions', 'v2/reconstructions', 'reconstructions', 'reconstruction']) {
      const reply = await ask(`/-/xet/${path}/${id}`, { ...bearer(), range: `bytes=${start}-${start + 999}` });
      const answer = parse(reply);
      expect(answer.terms).toHaveLength(1);
      const hash = answer.terms[0]?.hash ?? '';
      const [v2] = (answer.xorbs as Partial<Answer['xorbs']> | undefined)?.[hash] ?? [];
      const [v1] = (answer.fetch_info as Partial<Answer['fetch_info']> | undefined)?.[hash] ?? [];
      expect([v2 === undefined, v1 === undefined]).toEqual(path.startsWith('v2') ? [false, true] : [true, false]);
      const url = v2?.url ?? v1?.url ?? '';
      const bytes = v2?.ranges[0]?.bytes ?? v1?.url_range ?? { start: 0, end: 0 };
      expect(url.startsWith(`http://mirror/under/-/xet/xorbs/default/${hash}?`)).toBe(true);
      const stored = await bytesOf(await ask(url), bytes.start, bytes.end + 1);
      const at = 8 + answer.offset_into_first_range;
      expect([...stored.subarray(at, at + 1000)]).toEqual(
        Array.from({ length: 1000 }, (_, index) => byteAt(start + index)),
      );
    }
  });

  test('cuts what reaches behind the end, and refuses what lies there', async () => {
    const { ask, bearer, id } = open();
    const of = (range: string) => ask(`/-/xet/v2/reconstructions/${id}`, { ...bearer(), range });
    const last = parse(await of(`bytes=${SIZE - 10}-${SIZE + 10 * GB}`));
    expect(last.terms.map(({ unpacked_length }) => unpacked_length)).toEqual([SIZE % (128 * 1024)]);
    expect(last.offset_into_first_range).toBe((SIZE % (128 * 1024)) - 10);
    const behind = await of(`bytes=${SIZE}-${SIZE + 1}`);
    expect([behind.status, behind.headers['content-range']]).toEqual([416, `bytes */${SIZE}`]);
    const whole = parse(await ask(`/-/xet/v2/reconstructions/${id}`, bearer()));
    expect(whole.terms.reduce((sum, { unpacked_length }) => sum + unpacked_length, 0)).toBe(SIZE);
    expect(Object.keys(whole.xorbs)).toHaveLength(Math.ceil(SIZE / 2 ** 25));
  });

  test('answers the other calls of clients cheaply', async () => {
    const { world, ask, bearer, id } = open();
    const statuses = await Promise.all([
      ask(`/-/xet/v1/chunks/default/${id}`, bearer()),
      ask(`/-/xet/v1/chunks/default-merkledb/${id}`, bearer()),
      ask(`/-/xet/v1/xorbs/default/${id}`, bearer(), 'HEAD'),
      ask('/-/xet/v1/telemetry', {}, 'POST'),
      ask(`/-/xet/v1/xorbs/default/${id}`, bearer(), 'POST'),
      ask('/-/xet/v2/shards', bearer(), 'POST'),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 404, 200, 403, 403]);
    const head = await ask(`/-/xet/v1/files/${id}`, bearer(), 'HEAD');
    expect([head.status, head.content?.sizeBytes]).toEqual([200, SIZE]);
    const body = JSON.stringify([{ prefix: 'default', hash: id }]);
    for (const reply of [
      await ask('/-/xet/v1/reconstructions', bearer(), 'POST', body),
      await ask(`/-/xet/v1/reconstructions?file_id=${id}`, bearer()),
    ])
      expect(Object.keys((JSON.parse(String(reply.body)) as { files: object }).files)).toEqual([id]);
    expect((await ask('/-/xet/v1/reconstructions', bearer(), 'POST', '{')).status).toBe(400);
    expect((await ask('/elsewhere')).status).toBe(0);
    expect(world.reads).toEqual([]);
  });

  test('refuses what is not granted, in the words that clients act upon', async () => {
    const { world, ask, bearer, id } = open();
    const path = `/-/xet/v2/reconstructions/${id}`;
    expect((await ask(path)).status).toBe(401);
    expect((await ask(path, { authorization: 'Bearer nonsense' })).status).toBe(401);
    expect((await ask(path.slice(0, -1), bearer())).status).toBe(400);
    expect((await ask(`/-/xet/v2/reconstructions/${'0'.repeat(64)}`, bearer())).status).toBe(404);
    const old = bearer();
    const url = Object.values(parse(await ask(path, old)).xorbs)[0]?.[0]?.url ?? '';
    expect((await ask(url.replace(/s=[^&]*/, 's=x'))).status).toBe(403);
    const other = Object.values(parse(await ask(path, old)).xorbs)[1]?.[0]?.url ?? '';
    expect((await ask(`${url.split('?')[0] ?? ''}?${other.split('?')[1] ?? ''}`)).status).toBe(404);
    world.nowMs += 15 * 60_000;
    expect([(await ask(path, old)).status, (await ask(url)).status]).toEqual([401, 403]);
  });

  test('asks on behalf of the caller for what is not public, and tells nobody who that is', async () => {
    const { world, ask, bearer, id } = open({ nodes: ['http://one', 'http://two'] });
    world.isPublic = false;
    const path = `/-/xet/v2/reconstructions/${id}`;
    expect((await ask(path, bearer({ token: 'hf_bob' }))).status).toBe(403);
    const reply = await ask(path, bearer({ token: 'hf_ann' }));
    const url = Object.values(parse(reply).xorbs)[0]?.[0]?.url ?? '';
    expect(url).toContain('http://mirror/under/');
    expect(String(reply.body)).not.toContain('hf_ann');
    expect((await ask(url)).status).toBe(200);
    // The grant was taken back.
    world.granted = 'hf_eve';
    expect((await ask(url)).status).toBe(403);
  });

  test('sends clients to several nodes for what is public', async () => {
    const { ask, bearer, id } = open({ nodes: ['http://one', 'http://two/x/'] });
    const { xorbs } = parse(await ask(`/-/xet/v2/reconstructions/${id}`, bearer()));
    const hosts = Object.values(xorbs).map(([entry]) => entry?.url.split('/-/')[0]);
    expect(new Set(hosts)).toEqual(new Set(['http://one', 'http://two/x']));
  });

  test('lets nobody complete a file of which bytes turned out wrong that he may have read', async () => {
    const { world, ask, bearer, id } = open();
    const before = bearer();
    const path = `/-/xet/v2/reconstructions/${id}`;
    const url = Object.values(parse(await ask(path, before)).xorbs)[0]?.[0]?.url ?? '';
    const begun = (await ask(url)).content?.read({ startByte: 0, endByte: 300_000 }, SIGNAL)[Symbol.asyncIterator]();
    expect((await begun?.next())?.done).toBe(false);
    world.nowMs += 10;
    world.wrongAtMs = world.nowMs;
    await expect(begun?.next()).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
    expect([(await ask(path, before)).status, (await ask(url)).status]).toEqual([404, 404]);
    world.nowMs += 10;
    const fresh = Object.values(parse(await ask(path, bearer())).xorbs)[0]?.[0]?.url ?? '';
    expect((await bytesOf(await ask(fresh), 0, 1000)).length).toBe(1000);
  });
});
