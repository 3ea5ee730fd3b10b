import { afterEach, describe, expect, it } from 'vitest';
import { HUGGING_FACE_ROUTES } from '../../src/hubs/huggingface/face/routes.js';
import { newMachine, sluice } from './harness.js';
import { ask, gives, guardedRoutes, openXet, type Answer } from './serve-asking.js';
import {
  huggingFaceRoutes,
  modelScopeRoutes,
  openWorld,
  SECRET,
  TOKENS,
  type Route,
  type World,
} from './serve-routes.js';
import { startServing } from './serving.js';

const worlds: World[] = [];
afterEach(() => worlds.splice(0).forEach((world) => world.close()));

async function start(): Promise<World> {
  const world = await openWorld();
  worlds.push(world);
  return world;
}

describe('every route', () => {
  it('gives files of repositories that are not for everybody to the granted alone, in any order', async () => {
    const world = await start();
    const { url } = await startServing(await newMachine(world.env), ...world.args);
    const routes = guardedRoutes(world);
    for (const [who, token] of [
      ['granted', TOKENS.granted],
      ['nobody', undefined],
      ['other', TOKENS.other],
      ['wrong', `hf_${'w'.repeat(34)}`],
      ['granted', TOKENS.granted],
    ] as const) {
      for (const route of routes) {
        const answer = await ask(url, route, token);
        const about = `${who} ${route.name} ${route.path}: ${answer.status}`;
        if (who === 'granted') expect([about, answer.status]).toEqual([about, 200]);
        else {
          expect([about, gives(answer)]).toEqual([about, false]);
          const isTold = route.guards === 'told' && route.path.includes('gated');
          if (!isTold) expect([about, answer.status]).toEqual([about, expect.toSatisfy((status: number) => status >= 401 && status <= 404)]); // prettier-ignore
        }
        if (route.method === 'GET') {
          const head = await ask(url, route, token, 'HEAD');
          const compared = ['content-type', 'etag', 'x-error-code', 'content-length', 'link', 'x-repo-commit'];
          const told = (from: Answer): unknown[] => [from.status, ...compared.map((name) => from.headers.get(name))];
          // What is random in an answer may have another length.
          const isRandom = /xet-read-token|\/api\/v1\//.test(route.path);
          if (!isRandom) expect([about, ...told(head)]).toEqual([about, ...told(answer)]);
          expect(head.body).toBe('');
        }
      }
    }
    expect(world.sim.leaks).toEqual([]);
  }, 120_000);

  it('of digests of pieces gives those of a repository to the granted alone, also when others were given them', async () => {
    const world = await start();
    const { url } = await startServing(await newMachine(world.env), ...world.args);
    for (const id of ['acme/gated', 'acme/private']) {
      const path = `/-/api/v1/pieces/hf/${id}/${world.sim.commit(id)}`;
      const route: Route = { name: 'pieces', route: 'pieces', method: 'GET', path, guards: 'files' };
      const weight: Route = { ...route, path: `/${id}/resolve/main/model.safetensors` };
      expect((await ask(url, weight, TOKENS.granted)).status).toBe(200);
      const given = async (): Promise<number> => (await ask(url, route, TOKENS.granted)).status;
      await expect.poll(given, { timeout: 60_000 }).toBe(200);
      for (const token of [undefined, TOKENS.other, `hf_${'w'.repeat(34)}`]) {
        const { status } = await ask(url, route, token);
        expect([path, token, status]).toEqual([path, token, expect.toSatisfy((each: number) => each >= 401 && each <= 404)]); // prettier-ignore
      }
    }
  }, 120_000);

  it('by which something would be written is refused, and no upstream hears of it', async () => {
    const world = await start();
    const { url } = await startServing(await newMachine(world.env), ...world.args);
    const writes = [
      ...HUGGING_FACE_ROUTES.filter(({ methods }) => methods.length === 0).flatMap(({ path }) =>
        ['models', 'datasets'].map(
          (kind) => `${path.replace('{kind}', kind).replace('{repository}', 'acme/open')}/main`,
        ),
      ),
      ...[
        '/api/repos/create',
        '/acme/open/resolve/main/config.json',
        '/v2/acme/model/blobs/uploads/',
        '/-/py/',
        '/-/js/a',
      ],
      ...['/-/deb/pool/a.deb', '/-/any/a', '/-/api/v1/keys', '/-/xet/v1/xorbs/default/x', '/-/xet/shards'],
    ];
    for (const path of writes)
      for (const token of [undefined, TOKENS.granted]) {
        const route: Route = { name: path, route: path, method: 'POST', path, guards: 'any', body: '{}' };
        const { status } = await ask(url, route, token);
        expect([path, status]).toEqual([path, expect.toSatisfy((each: number) => each >= 400 && each <= 405)]);
      }
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      expect((await fetch(`${url}/acme/open/resolve/main/config.json`, { method })).status).toBe(405);
    expect(world.sim.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
  }, 120_000);

  it('of Xet lets nobody in with less than a token and an address of the mirror', async () => {
    const world = await start();
    const { url } = await startServing(await newMachine(world.env), ...world.args);
    const opened = await openXet(url, 'acme/private', TOKENS.granted);
    for (const route of opened) {
      const { status } = await ask(url, route);
      expect([route.path, status]).toEqual([route.path, 200]);
      for (const token of [undefined, TOKENS.granted, TOKENS.other, 'wrong']) {
        const shown = { ...route, path: route.name === 'xet xorb' ? (route.path.split('?')[0] ?? '') : route.path, headers: {} }; // prettier-ignore
        const refused = await ask(url, shown, token);
        expect([route.path, token, refused.status]).toEqual([route.path, token, route.name === 'xet xorb' ? 403 : 401]);
        expect(gives(refused)).toBe(false);
      }
    }
  }, 120_000);

  it('wants a token of the server where it has callers, but for probes, OPTIONS and what is checked by itself', async () => {
    const world = await start();
    const machine = await newMachine({
      ...world.env,
      SLUICE_SERVE_ANONYMOUS: 'false',
      SLUICE_SERVE_TRUSTED_PROXIES: '127.0.0.1',
    });
    const make = async (...more: string[]): Promise<{ token: string }> =>
      JSON.parse((await sluice(machine, 'token', 'create', ...more, '--json')).stdout) as { token: string };
    const reader = (await make('reader')).token;
    const revoked = (await make('gone')).token;
    expect((await sluice(machine, 'token', 'revoke', 'gone')).code).toBe(0);
    const expired = (await make('late', '--expires', '1s')).token;
    const { url } = await startServing(machine, ...world.args);
    const open = [...huggingFaceRoutes('acme/open', 'model', world.sim.commit('acme/open')), ...modelScopeRoutes('acme/open'), ...world.other]; // prettier-ignore
    const [first] = huggingFaceRoutes('acme/open', 'model', world.sim.commit('acme/open'));
    if (first === undefined) throw new Error('no route');
    const isLate = async (): Promise<boolean> => (await ask(url, first, expired)).status === 401;
    await expect.poll(isLate, { timeout: 60_000 }).toBe(true);
    for (const route of [...open, ...guardedRoutes(world)]) {
      for (const token of [undefined, 'hf_wrong', TOKENS.granted, revoked, expired]) {
        const { status, body } = await ask(url, route, token);
        expect([route.path, token, status]).toEqual([route.path, token, 401]);
        expect(body).not.toContain(SECRET);
      }
    }
    for (const path of ['/-/healthz', '/-/readyz']) expect((await fetch(url + path)).status).toBe(200);
    expect((await fetch(`${url}/acme/open/resolve/main/config.json`, { method: 'OPTIONS' })).status).toBe(204);
    const again = await startServing(machine, ...world.args);
    const statuses = await Promise.all(
      open.map(async (route) => [route.path, (await ask(again.url, route, reader)).status]),
    );
    const absent = (path: string): boolean => path.includes('none');
    expect(statuses).toEqual(open.map(({ path }) => [path, absent(path) ? 404 : 200]));
    for (const route of guardedRoutes(world)) expect(gives(await ask(again.url, route, reader))).toBe(false);
  }, 120_000);

  it('names no upstream, in any header or body, whether things go well, badly, or not at all', async () => {
    const world = await start();
    const { url } = await startServing(await newMachine({ ...world.env, SLUICE_SERVE_FRESH: '1s' }), ...world.args);
    const routes = [
      ...['acme/open', 'acme/gated', 'acme/none'].flatMap((id) => huggingFaceRoutes(id, 'model', world.sim.commit('acme/open'))), // prettier-ignore
      ...huggingFaceRoutes('acme/private', 'space', world.sim.commit('acme/private')),
      ...['acme/open', 'acme/none'].flatMap((id) => modelScopeRoutes(id)),
      ...(await openXet(url, 'acme/open')),
      ...(await openXet(url, 'acme/gated', TOKENS.granted)),
      // What it counts by source is for its operators.
      ...world.other.filter(({ path }) => path !== '/-/metrics'),
    ];
    const named: string[] = [];
    // What stands in for an answer says why.
    const stale = new Set<string>();
    const walk = async (state: string): Promise<void> => {
      for (const route of routes)
        for (const token of [undefined, TOKENS.granted])
          for (const method of route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]) {
            const { headers, body } = await ask(url, route, token, method);
            if (headers.get('x-cache-status') === 'STALE') stale.add(state);
            const words = `${JSON.stringify([...headers])} ${body}`;
            // Our own addresses of files of an index tell where those are from.
            const said = words.replaceAll(/files\/(?:any|sha256-[0-9a-f]+(?:~[0-9a-f]+)?)\/[^/]+/g, '');
            const host = world.hosts.find((each) => said.includes(each) || said.includes(each.replace(':', '~')));
            if (host !== undefined) named.push(`${state} ${method} ${route.path}`);
          }
    };
    await walk('well');
    for (const status of [503, 429, 500]) {
      const fault = world.sim.faults.add({ fault: { type: 'status', status, body: `ask ${world.sim.url}` } });
      await walk(`status ${status}`);
      fault.remove();
    }
    await world.sim.die();
    world.close();
    await walk('gone');
    expect(named).toEqual([]);
    expect(stale.size).toBeGreaterThan(1);
  }, 120_000);
});
