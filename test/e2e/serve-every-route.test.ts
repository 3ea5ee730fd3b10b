import { afterEach, describe, expect, it } from 'vitest';
import type { Route as RouterRoute } from '../../src/hubs/index.js';
import type { Mirror } from '../../src/mirror/index.js';
import { facesOf, routesOf } from '../../src/server/faces.js';
import { newMachine, sluice } from './harness.js';
import { ask, gives, guardedRoutes, openXet, type Answer } from './serve-asking.js';
import { modelScopeRoutes, OID, openWorld, TOKENS, type Route, type World } from './serve-routes.js';
import { startServing } from './serving.js';

const METHODS = ['GET', 'HEAD', 'POST'] as const;
const SEAL = /^\/-\/xet\/(?!v1\/telemetry)/;
const OPEN = ['/-/healthz', '/-/readyz', '/api/v1/login', '/-/xet/v1/telemetry'];
const WRONG = `hf_${'w'.repeat(34)}`;

const worlds: World[] = [];
afterEach(() => worlds.splice(0).forEach((world) => world.close()));

/** What the router says that it answers, all its faces being on. */
async function routerRoutes(): Promise<readonly RouterRoute[]> {
  const { home } = await newMachine();
  const all = ['registry', 'sites', 'modelscope', 'huggingface'] as const;
  const none = { serveRegistries: {}, serveSites: [], serveXetKey: undefined, serveXetNodes: [], serveUpstreams: [] };
  return routesOf(
    await facesOf({ home, serveFaces: all, serveXet: 'terminate', hfEndpoints: [], ...none }, {} as Mirror),
  );
}

/** What stands for each route here that no test of repositories asks. */
function looseRoutes({ sim }: World): readonly Route[] {
  const make = (route: string, guards: Route['guards'], path = route, more: Partial<Route> = {}): Route => ({ name: route, route, method: 'GET', path, guards, ...more }); // prettier-ignore
  const writes = ['preupload', 'commit', 'branch', 'tag', 'settings', 'super-squash', 'lfs-files', 'xet-write-token'];
  const noise = ['agent-harnesses', 'telemetry', 'validate-yaml', 'models-tags-by-type', 'datasets-tags-by-type'];
  return [
    ...writes.map((word) => make(`/api/{kind}/{repository}/${word}`, 'any', `/api/models/acme/gated/${word}/main`)),
    ...noise.map((word) => make(`/api/${word}`, 'any')),
    make('/api/repos', 'any', '/api/repos/create'),
    make('/-/healthz', 'any'),
    make('/-/readyz', 'any'),
    make('/-/xet/v1/telemetry', 'any'),
    make('/api/v1/login', 'any', undefined, { method: 'POST', body: JSON.stringify({ AccessToken: WRONG }) }),
    make('/-/{debian}/{file}', 'mirror', '/-/deb/packages/a.whl'),
    make('/-/api/v1/pieces/{sha256}', 'mirror', `/-/api/v1/pieces/${OID}`),
    ...['gated', 'private'].map((name) => make('/-/api/v1/pieces/{hub}/{repository}/{revision}', 'files', `/-/api/v1/pieces/hf/acme/${name}/${sim.commit(`acme/${name}`)}`)), // prettier-ignore
  ];
}

/** Everything that is expected, as it is asked of a server where somebody who is granted has asked before. */
async function expectations(world: World, url: string): Promise<readonly Route[]> {
  const [info] = modelScopeRoutes('acme/private', 'dataset');
  if (info === undefined) throw new Error('no route');
  const told = JSON.parse((await ask(url, info, TOKENS.granted)).body) as { Data: { Id: number } };
  return [
    ...guardedRoutes(world).filter(({ path }) => !path.includes('datasets')),
    ...modelScopeRoutes('acme/private', 'dataset'),
    ...modelScopeRoutes('acme/private', 'dataset', told.Data.Id),
    ...(await openXet(url, 'acme/private', TOKENS.granted)),
    ...world.other,
    ...looseRoutes(world),
  ];
}

interface Case {
  readonly route: Route;
  readonly method: (typeof METHODS)[number];
  readonly isGiven: boolean;
}

/** Each route by each method, as what stands for it here is asked. */
function casesOf(routes: readonly RouterRoute[], rows: readonly Route[]): readonly Case[] {
  return routes.flatMap(({ path, methods }) =>
    METHODS.flatMap((method) => {
      const all = rows.filter(({ route }) => route === path);
      const fit = all.filter((row) => (row.method === 'POST') === (method === 'POST'));
      return (fit.length > 0 ? fit : all).map((route) => ({ route, method, isGiven: methods.includes(method) }));
    }),
  );
}

const refused = (status: number): boolean => status >= 400 && status <= 405;
const hidden = (status: number): boolean => status >= 401 && status <= 404;

/** Whether an answer is as it should be for somebody with a hub's token, or none, where anybody may ask. */
function isRight({ route, method, isGiven }: Case, who: keyof typeof CALLERS, answer: Answer): boolean {
  const { status } = answer;
  const isIn = who === 'granted' || who === 'other';
  if (!isGiven) return refused(status) && !gives(answer);
  if (SEAL.test(route.path)) return who === 'granted' ? status === 200 : hidden(status);
  if (route.route === '/api/whoami-v2') return status === (isIn ? 200 : 401);
  if (route.guards === 'any') return status === 200;
  // A hub knows a wrong token when it sees one.
  if (route.guards === 'mirror') return status === (route.path.includes('none') ? 404 : 200) || (who === 'wrong' && status === 401); // prettier-ignore
  if (who === 'granted') return status === 200 && (method === 'HEAD' || answer.body !== '' || route.name === 'auth-check'); // prettier-ignore
  const isTold = route.guards === 'told' && route.path.includes('gated');
  return !gives(answer) && (isTold || hidden(status));
}

/** The same where callers are known, by a token of the server's that opens nothing of the hub's. */
function isRightWhereKnown({ route, isGiven }: Case, isReader: boolean, answer: Answer): boolean {
  const { status } = answer;
  if (OPEN.includes(route.path) && isGiven) return status === 200;
  if (SEAL.test(route.path)) return refused(status) && !gives(answer);
  if (!isReader) return OPEN.includes(route.path) ? refused(status) : status === 401;
  if (!isGiven) return refused(status);
  if (route.guards === 'mirror') return status === 200 || (status === 404 && /none|\/pieces\//.test(route.path));
  const isTold = route.guards === 'told' && route.path.includes('gated');
  return !gives(answer) && (isTold || hidden(status));
}

const CALLERS = { granted: TOKENS.granted, nobody: undefined, wrong: WRONG, other: TOKENS.other } as const;

describe('every route that the router has', () => {
  it('is asked by each method by everybody, is given to whom it is for, and none is unknown here', async () => {
    const world = await openWorld();
    worlds.push(world);
    const machine = await newMachine(world.env);
    const { url } = await startServing(machine, ...world.args);
    const routes = await routerRoutes();
    const rows = await expectations(world, url);
    const paths = routes.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect([...new Set(rows.map(({ route }) => route))].sort()).toEqual([...paths].sort());

    // Pieces of a file are known once it is here.
    for (const row of rows.filter(({ name, guards }) => name === 'resolve large' && guards === 'files'))
      expect((await ask(url, row, TOKENS.granted)).status).toBe(200);
    for (const row of rows.filter(({ path }) => /\/pieces\/(?!.*none)/.test(path)))
      await expect.poll(async () => (await ask(url, row, TOKENS.granted)).status, { timeout: 60_000 }).toBe(200);

    const cases = casesOf(routes, rows);
    const wrong: string[] = [];
    for (const who of ['granted', 'nobody', 'wrong', 'other'] as const)
      for (const each of cases) {
        const { route, method } = each;
        // What is sealed has a token of its own, and its addresses carry what opens them.
        const isSealed = SEAL.test(route.path);
        const shown = isSealed && who !== 'granted' ? { ...route, path: route.path.replace(/(\/xorbs\/.*)\?.*/, '$1'), headers: {} } : route; // prettier-ignore
        const answer = await ask(url, shown, isSealed && who === 'granted' ? undefined : CALLERS[who], method);
        if (!isRight(each, who, answer)) wrong.push(`${who} ${method} ${route.name} ${route.path}: ${answer.status}`);
      }
    expect(wrong).toEqual([]);
    expect(world.sim.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]); // prettier-ignore
  }, 300_000);

  it('wants a token of the server where it has callers, and gives nothing of a hub for one', async () => {
    const world = await openWorld();
    worlds.push(world);
    const own = { SLUICE_SERVE_ANONYMOUS: 'false', SLUICE_SERVE_TRUSTED_PROXIES: '127.0.0.1' };
    const rows = await expectations(world, (await startServing(await newMachine(world.env), ...world.args)).url);
    const machine = await newMachine({ ...world.env, ...own });
    const made = await sluice(machine, 'token', 'create', 'reader', '--json');
    const { token: reader } = JSON.parse(made.stdout) as { token: string };
    const { url } = await startServing(machine, ...world.args);
    const wrong: string[] = [];
    for (const token of [undefined, WRONG, TOKENS.granted, reader])
      for (const each of casesOf(await routerRoutes(), rows)) {
        const { route, method } = each;
        const answer = await ask(url, { ...route, ...(SEAL.test(route.path) ? { headers: {} } : {}) }, token, method);
        const isReader = token === reader;
        if (!isRightWhereKnown(each, isReader, answer)) wrong.push(`${token ?? 'nobody'} ${method} ${route.name} ${route.path}: ${answer.status}`); // prettier-ignore
      }
    expect(wrong).toEqual([]);
  }, 300_000);
});
