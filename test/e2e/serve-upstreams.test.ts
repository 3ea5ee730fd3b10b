import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sim, SimOptions } from '../../src/sim/index.js';
import { newMachine } from './harness.js';
import { hub, MODEL, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';
const PATH = `/acme/tiny/resolve/main/${WEIGHT}`;
const TREE = '/api/models/acme/tiny/tree/main';
/** Slow enough for something to happen meanwhile. */
const network = { connectionBytesPerSecond: 2 * MIB, totalBytesPerSecond: 6 * MIB };

interface Got {
  readonly status: number;
  readonly cache: string | null;
  readonly sha256: string;
  readonly retryAfter: string | null;
}

async function get(url: string, token?: string): Promise<Got> {
  const answer = await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  const { status, headers } = answer;
  const sha256 = createHash('sha256').update(Buffer.from(await answer.arrayBuffer()));
  return {
    status,
    cache: headers.get('x-cache-status'),
    sha256: sha256.digest('hex'),
    retryAfter: headers.get('retry-after'),
  };
}

/** Bytes of a weight that a hub sent. */
function sentOf(sim: Sim, path = WEIGHT): number {
  const digest = sha256OfFile(MODEL, path);
  const sent = sim.requests.filter(({ url, path: file }) => url.includes(digest) || file === path);
  return sent.reduce((sum, { bytes }) => sum + bytes, 0);
}

type Table = Readonly<Record<string, unknown>>;
const upstreams = (...tables: readonly Table[]): Record<string, string> => ({
  SLUICE_SERVE_UPSTREAM: JSON.stringify(tables),
});
const metricsOf = async (url: string): Promise<string> => (await fetch(`${url}/-/metrics`)).text();

async function mirrorOf(env: Readonly<Record<string, string>>): Promise<string> {
  return (await startServing(await newMachine(env))).url;
}

describe('a weight that ModelScope has too', () => {
  it.each([
    ['dies', async (hf: Sim) => hf.die()],
    [
      'limits us',
      (hf: Sim) => void hf.faults.add({ fault: { type: 'status', status: 429, headers: { 'retry-after': '600' } } }),
    ],
    ['fails', (hf: Sim) => void hf.faults.add({ fault: { type: 'status', status: 500 } })],
  ])('comes whole when Hugging Face %s half-way', async (_, fail) => {
    const [hf, ms] = [await hub({ network }), await hub({ network })];
    const url = await mirrorOf({ HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: ms.url });
    const getting = get(url + PATH);
    await expect.poll(() => sentOf(hf), { timeout: 60_000, interval: 20 }).toBeGreaterThan(2 * MIB);
    await fail(hf);
    expect(await getting).toMatchObject({ status: 200, sha256: sha256OfFile(MODEL, WEIGHT) });
    expect(sentOf(ms)).toBeGreaterThan(MIB);
    expect(ms.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  it('comes although Hugging Face is gone since its files were listed', async () => {
    const [hf, ms] = [await hub(), await hub()];
    const url = await mirrorOf({ HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: ms.url });
    await get(url + TREE);
    await hf.die();
    expect(await get(url + PATH)).toMatchObject({ status: 200, sha256: sha256OfFile(MODEL, WEIGHT) });
  });

  it('comes from a folder of plain files as well, that is asked for allowed names only', async () => {
    const hf = await hub({ network });
    const files = Object.fromEntries(Object.entries(MODEL).map(([path, content]) => [`acme/tiny/${path}`, content]));
    const plain = await hub({ folders: { models: files } });
    const table = { name: 'bucket', kind: 'files', url: `${plain.url}/files/models` };
    const env = { HF_ENDPOINT: hf.url };
    const url = await mirrorOf({ ...env, ...upstreams(table) });
    expect((await get(url + PATH)).sha256).toBe(sha256OfFile(MODEL, WEIGHT));
    const ranges = plain.requests.filter(({ url: each }) => each.endsWith(WEIGHT));
    expect(ranges.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(MIB);
    plain.forget();
    const other = await mirrorOf({ ...env, ...upstreams({ ...table, deny: ['acme/*'] }) });
    expect((await get(other + PATH)).sha256).toBe(sha256OfFile(MODEL, WEIGHT));
    expect(plain.requests).toEqual([]);
  });

  it('is not for those whom its own hub refuses, and their tokens go to nobody else', async () => {
    const users = { hf_ann: 'ann', hf_bob: 'bob' };
    const guarded = { id: 'acme/tiny', files: MODEL, private: true, tokens: ['hf_ann'] };
    const [hf, ms] = [await hub({ repositories: [guarded], users }), await hub({ users })];
    const url = await mirrorOf({ HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: ms.url });
    // Public there, and here by now.
    const open = await get(`${url}/api/v1/models/acme/tiny/repo?Revision=master&FilePath=${WEIGHT}`);
    expect(open).toMatchObject({ status: 200, sha256: sha256OfFile(MODEL, WEIGHT) });
    ms.forget();
    expect((await get(url + PATH)).status).toBe(401);
    expect((await get(url + PATH, 'hf_bob')).status).toBe(404);
    expect(await get(url + PATH, 'hf_ann')).toMatchObject({ status: 200, cache: 'HIT' });
    const second = 'model-00002-of-00002.safetensors';
    expect((await get(url + PATH.replace(WEIGHT, second), 'hf_ann')).sha256).toBe(sha256OfFile(MODEL, second));
    expect(ms.requests).toEqual([]);
  });
});

describe('several upstreams of one kind', () => {
  const other: SimOptions = { repositories: [{ id: 'other/only', files: { 'config.json': '{"other":1}' } }] };
  const CONFIG = '/other/only/resolve/main/config.json';

  it('are asked in order; one that fails is left alone, and tried again', async () => {
    const [first, second] = [await hub(), await hub()];
    const tables = [
      { name: 'first', kind: 'hf', url: first.url, 'max-fails': 2, 'fail-timeout': '1s' },
      { name: 'second', kind: 'hf', url: second.url },
    ];
    const url = await mirrorOf({ ...upstreams(...tables), SLUICE_SERVE_FRESH: '1s' });
    expect((await get(url + TREE)).status).toBe(200);
    expect(second.requests).toEqual([]);
    expect(await (await fetch(`${url}/-/readyz`)).text()).toBe('ready\n');
    await first.die();
    const isOpen = async (): Promise<boolean> => {
      expect((await get(url + TREE)).status).toBe(200);
      return (await metricsOf(url)).includes('sluice_upstream_state{upstream="first",kind="hf",state="closed"} 0');
    };
    await expect.poll(isOpen, { timeout: 60_000, interval: 50 }).toBe(true);
    expect(second.requests.length).toBeGreaterThan(0);
    // It has a way out.
    expect((await get(url + PATH)).sha256).toBe(sha256OfFile(MODEL, WEIGHT));
    const ready = await fetch(`${url}/-/readyz`);
    expect([ready.status, await ready.text()]).toEqual([200, 'ready; 1 of 3 upstreams fail\n']);
    await first.revive();
    await expect.poll(isOpen, { timeout: 60_000, interval: 50 }).toBe(false);
  });

  it('say nothing definitive for one that cannot be asked', async () => {
    const users = { hf_bob: 'bob' };
    const [first, second] = [await hub({ users }), await hub({ users })];
    await first.die();
    const tables = [first, second].map(({ url }, at) => ({ name: `n${at}`, kind: 'hf', url, 'not-found': 'next' }));
    const url = await mirrorOf(upstreams(...tables));
    for (const token of [undefined, 'hf_bob', 'hf_wrong']) {
      const answer = await get(`${url}/api/models/acme/none`, token);
      expect(answer.status).toBe(503);
      expect(Number(answer.retryAfter)).toBeGreaterThan(0);
    }
    expect((await get(url + TREE)).status).toBe(200);
  });

  it('are asked for what those before have not got only where they say so, and never after a refusal', async () => {
    const guarded = { id: 'other/only', files: MODEL, gated: true, tokens: ['hf_ann'] };
    for (const [options, notFound, status] of [
      [{}, 'next', 200],
      [{}, 'stop', 401],
      [{ repositories: [guarded], users: { hf_ann: 'ann' } }, 'next', 401],
    ] as const) {
      const [first, second] = [await hub(options), await hub(other)];
      const tables = [first, second].map(({ url }, at) => ({
        name: `n${at}`,
        kind: 'hf',
        url,
        'not-found': notFound,
      }));
      const url = await mirrorOf(upstreams(...tables));
      expect((await get(url + CONFIG)).status).toBe(status);
      if (status !== 200) expect(second.requests.filter(({ kind }) => kind === 'resolve')).toEqual([]);
    }
  });

  it('hear only the names and the tokens that are for them', async () => {
    const users = { hf_ann: 'ann', hf_ours: 'us' };
    const [first, second] = [await hub({ users }), await hub({ ...other, users })];
    const tables = [
      { name: 'first', kind: 'hf', url: first.url, allow: ['acme/*'], 'not-found': 'next' },
      { name: 'second', kind: 'hf', url: second.url, deny: ['acme/*'], token: 'hf_ours' },
    ];
    const machine = await newMachine();
    const toml = tables.map((table) => {
      const lines = Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
      return `[[serve.upstream]]\n${lines.join('\n')}\n`;
    });
    await writeFile(join(machine.root, 'sluice.toml'), toml.join('\n'));
    const { url } = await startServing(machine, '--config', join(machine.root, 'sluice.toml'));
    expect((await get(url + TREE, 'hf_ann')).status).toBe(200);
    expect((await get(url + CONFIG, 'hf_ann')).status).toBe(200);
    expect((await get(`${url}/api/models/acme/none`, 'hf_ann')).status).toBe(404);
    const names = (sim: Sim): string[] => sim.requests.map(({ url: each }) => each);
    expect(names(first).filter((each) => each.includes('other/'))).toEqual([]);
    expect(names(second).filter((each) => each.includes('acme/'))).toEqual([]);
    expect(new Set(first.requests.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer hf_ann']));
    const shown = second.requests.filter(({ host }) => host === 'hub').map(({ authorization }) => authorization);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown).not.toContain('Bearer hf_ann');
  });
});

describe('an only upstream that fails', () => {
  it('is left alone: files that are not here are refused for now and at once, others still come', async () => {
    const sim = await hub();
    const url = await mirrorOf(upstreams({ kind: 'hf', url: sim.url, 'max-fails': 1, 'fail-timeout': '1h' }));
    expect((await get(url + PATH)).status).toBe(200);
    await sim.die();
    expect((await get(`${url}/api/models/acme/other`)).status).toBe(503);
    expect((await get(`${url}/api/models/acme/third`)).status).toBe(503);
    const missing = await get(url + PATH.replace('00001', '00002'));
    expect([missing.status, Number(missing.retryAfter) > 0]).toEqual([503, true]);
    expect(await get(url + PATH)).toMatchObject({ status: 200, cache: 'HIT' });
  });
});

describe('an upstream’s budget', () => {
  it('is told, shared by all questions, and stale answers stand when nothing is left', async () => {
    const sim = await hub();
    let left = 3;
    const url = await mirrorOf({ HF_ENDPOINT: sim.url, SLUICE_SERVE_FRESH: '1s' });
    const rule = (): void => {
      sim.faults.clear();
      sim.faults.add({ fault: { type: 'headers', headers: { ratelimit: `"api";r=${left};t=500` } } });
    };
    rule();
    const before = await get(url + TREE);
    const host = new URL(sim.url).host;
    expect(await metricsOf(url)).toContain(`sluice_upstream_ratelimit_remaining{host="${host}/api"} 3`);
    left = 0;
    rule();
    await expect.poll(async () => (await get(url + TREE)).cache, { timeout: 60_000 }).toBe('STALE');
    expect(await metricsOf(url)).toContain(`sluice_upstream_ratelimit_remaining{host="${host}/api"} 0`);
    sim.forget();
    expect(await get(url + TREE)).toMatchObject({ status: 200, cache: 'STALE', sha256: before.sha256 });
    expect((await get(`${url}/api/models/acme/other`)).status).toBe(429);
    expect(sim.requests).toEqual([]);
  });
});

describe('a mirror that is told to stay offline', () => {
  it('asks nobody, gives what it has, and says of the rest that it cannot tell', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const online = await startServing(machine);
    expect((await get(online.url + PATH)).status).toBe(200);
    const over = new Promise((resolve) => online.child.once('exit', resolve));
    online.child.kill('SIGTERM');
    await over;
    sim.forget();
    const { url } = await startServing({ ...machine, env: { ...machine.env, SLUICE_OFFLINE: '1' } });
    expect(await get(url + TREE)).toMatchObject({ status: 200, cache: 'STALE' });
    expect(await get(url + PATH)).toMatchObject({ status: 200, sha256: sha256OfFile(MODEL, WEIGHT) });
    expect((await get(`${url}/api/models/acme/other`)).status).toBe(503);
    expect((await get(url + PATH.replace('00001', '00002'))).status).toBe(503);
    expect(sim.requests).toEqual([]);
  });
});
