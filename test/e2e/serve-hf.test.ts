import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { gitOidOf, toContent, type Sim, type SimOptions } from '../../src/sim/index.js';
import { newMachine } from './harness.js';
import { hub, MODEL, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const WEIGHT = 'model-00001-of-00002.safetensors';
const ODD = 'folder with space/名前 [1] #2.json';

interface Served {
  readonly sim: Sim;
  readonly url: string;
}

async function mirrorOf(options: SimOptions = {}, env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const sim = await hub(options);
  const machine = await newMachine({ HF_ENDPOINT: sim.url, ...env });
  return { sim, url: (await startServing(machine)).url };
}

type Entry = Readonly<Record<string, unknown>>;
const json = async (url: string, init?: RequestInit): Promise<unknown> => (await fetch(url, init)).json();
const byPath = (entries: unknown): unknown[] =>
  [...(entries as Entry[])].sort((a, b) => (String(a.path) < String(b.path) ? -1 : 1));

describe('what a mirror tells of a repository', () => {
  it('is what the hub tells: trees, paths, refs, history, and its own description', async () => {
    const { sim, url } = await mirrorOf({ xet: {} }, { SLUICE_SERVE_XET: 'terminate' });
    for (const rest of [
      'tree/main?recursive=true',
      'tree/main',
      'tree/main/tokenizer',
      'tree/main/folder%20with%20space',
    ]) {
      const path = `/api/models/acme/tiny/${rest}`;
      expect(byPath(await json(url + path))).toEqual(byPath(await json(sim.url + path)));
    }
    const form = new URLSearchParams([ODD, 'tokenizer', 'none'].map((each) => ['paths', each] as [string, string]));
    const list = { paths: [ODD, 'tokenizer', 'none'], expand: false };
    const headers = { 'content-type': 'application/json' };
    for (const init of [{ body: form }, { body: JSON.stringify(list), headers }]) {
      const path = '/api/models/acme/tiny/paths-info/main';
      expect(await json(url + path, { method: 'POST', ...init })).toEqual(
        await json(sim.url + path, { method: 'POST', ...init }),
      );
    }
    for (const rest of ['refs?include_prs=1', 'commits/main'])
      expect(await json(`${url}/api/models/acme/tiny/${rest}`)).toEqual(
        await json(`${sim.url}/api/models/acme/tiny/${rest}`),
      );
    expect(await json(`${url}/api/models/acme/tiny/refs`)).not.toHaveProperty('pullRequests');
    for (const rest of ['', '/revision/main', '?revision=main&blobs=true', `/revision/${sim.commit('acme/tiny')}`]) {
      const [ours, theirs] = await Promise.all(
        [url, sim.url].map(async (base) => (await json(`${base}/api/models/acme/tiny${rest}`)) as Entry),
      );
      const siblings = (info: Entry | undefined): unknown[] =>
        [...(info?.siblings as Entry[])].sort((a, b) => (String(a.rfilename) < String(b.rfilename) ? -1 : 1));
      expect(siblings(ours)).toEqual(siblings(theirs));
      expect({ ...ours, siblings: [] }).toEqual({ ...theirs, siblings: [] });
    }
  });

  it('may be asked for in part, by any names', async () => {
    const { url } = await mirrorOf();
    const some = (await json(`${url}/api/models/acme/tiny?expand=likes&expand[]=xetEnabled&expand=nonsense`)) as Entry;
    expect(some).toEqual({ _id: expect.any(String) as string, id: 'acme/tiny', likes: 0, xetEnabled: true });
    const expanded = (await json(`${url}/api/models/acme/tiny/tree/main?expand=true`)) as Entry[];
    const info = (await json(`${url}/api/models/acme/tiny`)) as Entry;
    expect(expanded[0]).toMatchObject({ lastCommit: { id: info.sha, title: '', date: info.lastModified } });
    expect(await json(`${url}/api/models/acme/tiny/treesize/main/tokenizer`)).toEqual({ path: 'tokenizer', size: 6 });
  });

  it('is found by every form of a revision and of a name', async () => {
    const repositories = [
      {
        id: 'gpt2',
        files: MODEL,
        revisions: [{ name: 'refs/pr/1', type: 'ref' as const, files: { 'config.json': '1' } }],
      },
      { id: 'acme/rows', kind: 'dataset' as const, files: { 'a.csv': 'a', 'sub/b.csv': 'b' } },
    ];
    const { sim, url } = await mirrorOf({ repositories });
    const commit = sim.commit('gpt2');
    const ask = async (path: string): Promise<unknown[]> => {
      const answer = await fetch(url + path, { redirect: 'error' });
      return [answer.status, answer.headers.get('x-repo-commit'), (await answer.text()).slice(0, 1)];
    };
    const proposed = sim.commit('gpt2', 'refs/pr/1');
    expect(await ask('/gpt2/resolve/main/config.json')).toEqual([200, commit, '{']);
    expect(await ask(`/gpt2/resolve/${commit}/config.json`)).toEqual([200, commit, '{']);
    expect(await ask('/gpt2/resolve/refs%2Fpr%2F1/config.json')).toEqual([200, proposed, '1']);
    expect(await ask('/gpt2/resolve/refs/pr/1/config.json')).toEqual([200, proposed, '1']);
    expect(await ask(`/api/resolve-cache/models/gpt2/${commit}/config.json?etag=x`)).toEqual([200, commit, '{']);
    expect(await ask(`/gpt2/resolve/main/${ODD.split('/').map(encodeURIComponent).join('/')}`)).toEqual([
      200,
      commit,
      '{',
    ]);
    expect(await ask(`/gpt2/resolve/main/${encodeURIComponent(ODD)}`)).toEqual([200, commit, '{']);
    expect(await ask('/api/datasets/acme/rows/tree/main/sub')).toEqual([200, sim.commit('acme/rows'), '[']);
    expect(await ask('/datasets/acme/rows/resolve/main/sub/b.csv')).toEqual([200, sim.commit('acme/rows'), 'b']);
    expect((await ask('/api/models/gpt2/revision/..%2F..%2Fx'))[0]).toBe(400);
    expect((await ask('/api/models/acme%2Frows/tree/main'))[0]).toBe(404);
  });

  it('has pages of its own, by links to itself that stay with the commit', async () => {
    const { sim, url } = await mirrorOf();
    let next: string | undefined = `${url}/api/models/acme/tiny/tree/main?recursive=true&limit=3`;
    const seen: string[] = [];
    const pinned = `${url}/api/models/acme/tiny/tree/${sim.commit('acme/tiny')}?`;
    for (let page = 0; next !== undefined; page += 1) {
      const answer: Response = await fetch(next);
      for (const { path } of (await answer.json()) as { path: string }[]) seen.push(path);
      next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
      expect(next ?? pinned).toContain(pinned);
      if (page === 0) sim.update('acme/tiny', { 'other.json': '{}' });
    }
    expect(seen.sort()).toEqual([...Object.keys(MODEL), 'folder with space', 'tokenizer'].sort());
  });
});

describe('files of a mirror', () => {
  it('come with the headers that clients need, and HEAD begins no transfer', async () => {
    const { sim, url } = await mirrorOf({}, { SLUICE_SERVE_XET: 'strip' });
    const digest = sha256OfFile(MODEL, WEIGHT);
    const head = await fetch(`${url}/acme/tiny/resolve/main/${WEIGHT}`, { method: 'HEAD' });
    expect(Object.fromEntries(head.headers)).toMatchObject({
      etag: `"${digest}"`,
      'x-linked-etag': `"${digest}"`,
      'x-linked-size': head.headers.get('content-length'),
      'x-repo-commit': sim.commit('acme/tiny'),
      'accept-ranges': 'bytes',
      'x-cache-status': 'MISS',
      'access-control-allow-origin': '*',
      'x-request-id': expect.any(String) as string,
    });
    expect(head.headers.get('content-length')).toBe(String(toContent(MODEL[WEIGHT] ?? '').sizeBytes));
    const small = await fetch(`${url}/acme/tiny/resolve/main/config.json`, {
      method: 'HEAD',
      headers: { 'x-amzn-trace-id': 'one-and-only' },
    });
    expect(small.headers.get('etag')).toBe(`"${gitOidOf(toContent(MODEL['config.json'] ?? ''))}"`);
    expect(small.headers.get('x-request-id')).toBe('one-and-only');
    expect(small.headers.get('x-linked-etag')).toBeNull();
    const same = await fetch(`${url}/acme/tiny/resolve/main/${WEIGHT}`, {
      headers: { 'if-none-match': `W/"${digest}"` },
    });
    expect([same.status, same.headers.get('etag'), await same.text()]).toEqual([304, `"${digest}"`, '']);
    expect(sim.requests.filter(({ kind }) => kind === 'resolve' || kind === 'cdn')).toEqual([]);
  });

  it('come in any range, cold and warm', async () => {
    const { url } = await mirrorOf();
    const content = toContent(MODEL[WEIGHT] ?? '');
    const { sizeBytes } = content;
    for (let round = 0; round < 2; round += 1) {
      for (const [range, start, end] of [
        ['bytes=0-0', 0, 1],
        ['bytes=-10', sizeBytes - 10, sizeBytes],
        [`bytes=${sizeBytes - 1}-`, sizeBytes - 1, sizeBytes],
        ['bytes=8388600-8388700', 8_388_600, 8_388_701],
        [`bytes=5-${sizeBytes + 5}`, 5, sizeBytes],
      ] as const) {
        const answer = await fetch(`${url}/acme/tiny/resolve/main/${WEIGHT}`, { headers: { range } });
        expect([answer.status, answer.headers.get('content-range')]).toEqual([
          206,
          `bytes ${start}-${end - 1}/${sizeBytes}`,
        ]);
        const hash = createHash('sha256').update(Buffer.from(await answer.arrayBuffer()));
        expect(hash.digest('hex')).toBe(
          createHash('sha256')
            .update(content.read(start, end - start))
            .digest('hex'),
        );
      }
    }
    const outside = await fetch(`${url}/acme/tiny/resolve/main/${WEIGHT}`, {
      headers: { range: `bytes=${sizeBytes}-` },
    });
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, `bytes */${sizeBytes}`]);
    const empty = await fetch(`${url}/acme/tiny/resolve/main/empty.txt`, { headers: { range: 'bytes=0-' } });
    expect([empty.status, empty.headers.get('content-length'), await empty.text()]).toEqual([200, '0', '']);
  });

  it('are shown as git has them', async () => {
    const { sim, url } = await mirrorOf();
    for (const path of [WEIGHT, 'README.md']) {
      const [ours, theirs] = await Promise.all(
        [url, sim.url].map(async (base) => (await fetch(`${base}/acme/tiny/raw/main/${path}`)).text()),
      );
      expect(ours).toBe(theirs);
    }
  });
});

describe('errors of a mirror', () => {
  it('are those of the hub, in headers and in JSON, and cost the hub one question', async () => {
    const users = { hf_bob: 'bob' };
    const { sim, url } = await mirrorOf({ users });
    const ask = async (path: string, token?: string, method = 'GET'): Promise<unknown[]> => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(url + path, { method, headers });
      const has = answer.headers.get('x-repo-commit') === sim.commit('acme/tiny');
      return [answer.status, answer.headers.get('x-error-code'), has];
    };
    for (const method of ['GET', 'HEAD']) {
      expect(await ask('/acme/tiny/resolve/main/none', undefined, method)).toEqual([404, 'EntryNotFound', true]);
      expect(await ask('/acme/tiny/resolve/none/config.json', undefined, method)).toEqual([
        404,
        'RevisionNotFound',
        false,
      ]);
      expect(await ask('/acme/none/resolve/main/config.json', undefined, method)).toEqual([401, 'RepoNotFound', false]);
      expect(await ask('/acme/none/resolve/main/config.json', 'hf_bob', method)).toEqual([404, 'RepoNotFound', false]);
    }
    const wrong = await fetch(`${url}/api/models/acme/none`, { headers: { authorization: 'Bearer hf_wrong' } });
    expect([wrong.status, wrong.headers.get('x-error-message')]).toEqual([
      401,
      'Invalid credentials in Authorization header',
    ]);
    expect(await wrong.json()).toEqual({ error: 'Invalid credentials in Authorization header' });
    const questions = sim.requests.filter(({ url: each }) => each.includes('/acme/none') || each.includes('/none'));
    expect(questions.map(({ authorization }) => authorization ?? 'nobody').sort()).toEqual(
      ['Bearer hf_bob', 'Bearer hf_wrong', 'nobody', 'nobody'].sort(),
    );
    for (const path of ['/api/agent-harnesses', '/api/telemetry/x', '/api/models/acme/tiny/nonsense/main'])
      expect((await fetch(url + path)).status).toBe(404);
    const commit = await fetch(`${url}/api/models/acme/tiny/commit/main`, { method: 'POST', body: '{}' });
    expect(commit.status).toBe(403);
  });

  it('are passing ones while the hub cannot be asked; what is known is told as stale', async () => {
    const sim = await hub();
    const upstream = JSON.stringify({ kind: 'hf', url: sim.url, 'fail-timeout': '1s' });
    const env = { SLUICE_SERVE_FRESH: '1s', SLUICE_SERVE_UPSTREAM: upstream };
    const { url } = await startServing(await newMachine(env));
    const paths = ['/api/models/acme/tiny', '/api/models/acme/tiny/tree/main', '/acme/tiny/resolve/main/config.json'];
    const sums = async (): Promise<string[]> =>
      Promise.all(
        paths.map(async (path) =>
          createHash('sha256')
            .update(await (await fetch(url + path)).text())
            .digest('hex'),
        ),
      );
    const before = await sums();
    /** Waits until what is known is old. */
    const stale = async (): Promise<void> => {
      for (;;) {
        const { headers } = await fetch(`${url}/api/models/acme/tiny/tree/main`, { method: 'HEAD' });
        if (headers.get('x-hf-warning')?.startsWith('stale; ') === true) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    for (const fault of [
      { type: 'status', status: 500 },
      { type: 'status', status: 429, headers: { 'retry-after': '30' } },
    ] as const) {
      sim.faults.add({ fault });
      await stale();
      expect(await sums()).toEqual(before);
      let round = 0;
      const unknown = async (): Promise<number> => {
        round += 1;
        const { status, headers } = await fetch(`${url}/api/models/acme/other-${fault.status}-${round}`);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(headers.get('x-error-code')).toBeNull();
        return status;
      };
      // One that fails is left alone for a while, and so cannot say that it limits us.
      await expect.poll(unknown, { timeout: 30_000 }).toBe(fault.status === 429 ? 429 : 503);
      sim.faults.clear();
    }
    await sim.die();
    const gone = await fetch(`${url}/acme/third/resolve/main/config.json`);
    expect([gone.status === 503 || gone.status === 429, gone.headers.get('x-error-code')]).toEqual([true, null]);
    expect(await sums()).toEqual(before);
  });
});
