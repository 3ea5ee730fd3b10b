import { afterEach, describe, expect, it } from 'vitest';
import { FAULTS, openFront, type Fault, type Front } from './front.js';
import { newMachine, type Machine } from './harness.js';
import { huggingFaceRoutes, modelScopeRoutes, openWorld, TOKENS, type Route, type World } from './serve-routes.js';
import { startServing } from './serving.js';

const worlds: World[] = [];
afterEach(() => worlds.splice(0).forEach((world) => world.close()));

interface Answer {
  readonly status: number;
  readonly cache: string | null;
  readonly text: string;
}

/** What breaks off while it is read has status 0: nobody takes it for an answer. */
const BROKEN: Answer = { status: 0, cache: null, text: '' };

function ask(url: string, route: Pick<Route, 'path'> & Partial<Route>, token?: string): Promise<Answer> {
  return read(url, route, token).catch(() => BROKEN);
}

async function read(url: string, route: Pick<Route, 'path'> & Partial<Route>, token?: string): Promise<Answer> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(url + route.path, {
    method: route.method ?? 'GET',
    headers: { ...route.headers, ...authorization },
    redirect: 'manual',
    ...(route.body === undefined ? {} : { body: route.body }),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const { status, headers } = answer;
  return {
    status,
    cache: headers.get('x-cache-status'),
    // Our own address is another one after each start.
    text: bytes.toString('latin1').replaceAll(url, ''),
  };
}

/** Every upstream of a world behind a front, and the world as the mirror meets it then. */
async function fronted(world: World): Promise<{ fronts: readonly Front[]; swap: (text: string) => string }> {
  const targets = [...world.hosts.map((host) => `http://${host}`)];
  const fronts = await Promise.all(targets.map((target) => openFront(target)));
  const hostOf = (url: string): string => new URL(url).host.replace(':', '~');
  const swap = (text: string): string =>
    fronts.reduce((words, { target, url }) => words.replaceAll(target, url).replaceAll(hostOf(target), hostOf(url)), text); // prettier-ignore
  return { fronts, swap };
}

async function stop({ child }: Awaited<ReturnType<typeof startServing>>): Promise<void> {
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await over;
}

/** Bodies that differ each time: tokens, ids of requests. */
const isRandom = ({ path }: Route): boolean =>
  /xet-read-token|lfs\/objects\/batch|^\/api\/v1\/(?:models|datasets)/.test(path);
/** Of the server itself, or what each caller is told alone. */
const isOwn = ({ path }: Route): boolean => /^\/-\/(?:metrics|api)|whoami|internalAcceleration/.test(path);
/** What there was none of is not remembered: referrers of the image too. */
const isAbsent = ({ path }: Route): boolean => /none|\/referrers\//.test(path);
/** Answers to searches are kept in memory only. */
const isForgotten = ({ path }: Route): boolean => /^\/api\/(?:models|datasets)(?:\?|$)/.test(path);
/** Its bytes are what their digest says, whatever the upstream does. */
const isFile = ({ path }: Route): boolean =>
  /\/resolve|\/raw\/|\/repo\?|\/blobs\/|lfs\/objects\/[0-9a-f]|\.(?:whl|tgz)$/.test(path);

/** Of a file of which nothing is known but its address nobody can say that a page is not it. */
const isAnything = ({ path }: Route): boolean => path.startsWith('/-/any/');
const ANSWERS: ReadonlySet<Fault> = new Set(['cut', 'login page', 'empty object'] as const);

/** That nobody could tell. */
const OPEN: ReadonlySet<number> = new Set([0, 429, 500, 502, 503, 504]);

/** Never asked for, one for each question of each face. */
const UNKNOWN: readonly string[] = [
  '/api/models/acme/unseen',
  '/api/models/acme/unseen/revision/main',
  '/api/models/acme/unseen/tree/main',
  '/api/models/acme/unseen/refs',
  '/api/datasets/acme/unseen/commits/main',
  '/acme/unseen/resolve/main/config.json',
  '/acme/open/resolve/unseen/config.json',
  `/api/resolve-cache/models/acme/unseen/${'a'.repeat(40)}/config.json`,
  '/api/models/acme/unseen/xet-read-token/main',
  '/api/v1/models/acme/unseen',
  '/api/v1/models/acme/unseen/revisions',
  '/api/v1/models/acme/unseen/repo/files?Revision=master',
  '/api/v1/models/acme/unseen/repo?Revision=master&FilePath=config.json',
  '/v2/acme/model/manifests/unseen',
  `/v2/acme/model/blobs/sha256:${'0'.repeat(64)}`,
  '/v2/acme/unseen/tags/list',
  `/v2/acme/model/referrers/sha256:${'0'.repeat(64)}`,
  '/-/py/simple/unseen/',
  '/-/js/unseen',
  '/-/js/unseen/-/unseen-1.0.0.tgz',
  '/-/deb/dists/unseen/InRelease',
];

describe('what every face has', () => {
  it('still comes, marked stale, however its upstream fails, and of the rest nothing definitive is made up', async () => {
    const world = await openWorld();
    worlds.push(world);
    const { fronts, swap } = await fronted(world);
    const env = Object.entries(world.env).map(([name, value]) => [name, swap(value)]);
    const machine = await newMachine({ ...(Object.fromEntries(env) as Record<string, string>), SLUICE_SERVE_FRESH: '1s' }); // prettier-ignore
    const args = world.args.map(swap);
    const first = await startServing(machine, ...args);
    const page = await ask(first.url, { path: '/-/py/simple/a/' });
    // As its page leads to it: what nobody signed is known by its address alone.
    const wheel = /href="([^"#]+)/.exec(page.text)?.[1] ?? '';
    const pathOf = (path: string): string => (path.startsWith('/-/py/files/') ? wheel : swap(path));
    const routes = [
      ...huggingFaceRoutes('acme/open', 'model', world.sim.commit('acme/open')),
      ...modelScopeRoutes('acme/open'),
      ...world.other.filter((route) => !isOwn(route)).map((route) => ({ ...route, path: pathOf(route.path) })),
    ];
    const well = new Map<Route, Answer>();
    for (const route of routes) well.set(route, await ask(first.url, route));
    expect([...well].filter(([route, { status }]) => status !== (route.path.includes('none') ? 404 : 200)).map(([{ path }]) => path)).toEqual([]); // prettier-ignore
    const warmMs = Date.now();
    await stop(first);
    // What is believed for a while is old by then.
    await expect.poll(() => Date.now() - warmMs, { timeout: 60_000 }).toBeGreaterThan(1000);
    const wrong: Record<string, readonly string[]> = {};
    for (const fault of FAULTS) wrong[fault] = await underFault(fault, machine, args, { fronts, routes, well });
    expect(wrong).toEqual(Object.fromEntries(FAULTS.map((fault) => [fault, []])));
  }, 180_000);
});

interface Known {
  readonly fronts: readonly Front[];
  readonly routes: readonly Route[];
  readonly well: ReadonlyMap<Route, Answer>;
}

/** What is not as it should be while every upstream has this fault; the mirror begins anew, with what an earlier one kept. */
async function underFault(fault: Fault, machine: Machine, args: readonly string[], known: Known): Promise<string[]> {
  const { fronts, routes, well } = known;
  for (const front of fronts) front.fault = fault;
  const serving = await startServing(machine, ...args);
  const { url } = serving;
  const wrong: string[] = [];
  const tell = (what: string, { status, cache, text }: Answer): void =>
    void wrong.push(`${what}: ${status} ${cache} ${text.slice(0, 90)}`);
  const look = async (route: Route): Promise<void> => {
    const [before, now] = [well.get(route), await ask(url, route)];
    const isSame = now.status === before?.status && (isRandom(route) || now.text === before.text);
    const isMarked = before?.cache === null || now.cache === 'STALE' || (isFile(route) && now.cache === 'HIT');
    const isOpen = OPEN.has(now.status);
    const isRight = isAbsent(route) || isForgotten(route) ? isOpen : isSame && isMarked;
    if (!isRight) tell(`${route.name} ${route.path}`, now);
  };
  const lookAtUnknown = async (path: string, token: string | undefined): Promise<void> => {
    const now = await ask(url, { path }, token);
    if (!OPEN.has(now.status)) tell(`unknown ${path}`, now);
  };
  const unknown = [undefined, TOKENS.granted].flatMap((token) => UNKNOWN.map((path) => lookAtUnknown(path, token)));
  await Promise.all([...routes.filter((route) => !isAnything(route) || !ANSWERS.has(fault)).map(look), ...unknown]);
  await stop(serving);
  return wrong;
}
