import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { newMachine, type Machine } from './harness.js';
import { huggingFaceRoutes, modelScopeRoutes, openWorld, type Route, type World } from './serve-routes.js';
import { startServing } from './serving.js';

const worlds: World[] = [];
afterEach(() => worlds.splice(0).forEach((world) => world.close()));

const FILE = /\/resolve|\/raw\/|\/repo\?|lfs\/objects\/[0-9a-f]{64}/;
/** What each face has, and gives from its store alone. */
const OTHERS =
  /^\/v2\/acme\/model\/(?:manifests\/v1|blobs)|^\/-\/py\/simple\/a\/|^\/-\/js\/a|stable\/InRelease|^\/-\/any\/packages\/a/;

async function get(url: string, { path, headers = {} }: Route): Promise<readonly [number, string]> {
  const answer = await fetch(url + path, { headers });
  // Our own address is another one after each start.
  const text = Buffer.from(await answer.arrayBuffer())
    .toString('latin1')
    .replaceAll(url, '');
  return [answer.status, createHash('sha256').update(text).digest('hex')];
}

// Each way keeps something else: links and times, times, or nothing.
it.each(['cp -a', 'cp -r'])(
  'a store that was copied by `%s` gives all that it had, while no upstream is there',
  async (how) => {
    const world = await openWorld();
    worlds.push(world);
    const machine = await newMachine({ ...world.env, SLUICE_SERVE_XET: 'strip' });
    const first = await startServing(machine, ...world.args);
    const routes = [
      ...huggingFaceRoutes('acme/open', 'model', world.sim.commit('acme/open')).filter(({ path }) => FILE.test(path)),
      ...modelScopeRoutes('acme/open').filter(({ path }) => FILE.test(path)),
      ...world.other.filter(({ path }) => OTHERS.test(path)),
    ];
    const well = new Map<string, readonly [number, string]>();
    for (const route of routes) well.set(route.path, await get(first.url, route));
    expect([...well].filter(([, [status]]) => status !== 200)).toEqual([]);
    // Of what has no digest its address is written down a little after its last byte went out.
    const places = (): string[] => readdirSync(machine.home, { recursive: true, encoding: 'utf8' });
    const isKept = (): boolean => places().some((path) => /site-files.*\.json$|site-files\/[^/]+$/.test(path));
    await expect.poll(isKept, { timeout: 30_000 }).toBe(true);
    first.child.kill('SIGTERM');
    await once(first.child, 'exit');
    const copy: Machine = await newMachine({ ...machine.env, HOME: machine.root });
    await cp(machine.home, copy.home, { recursive: true, preserveTimestamps: how === 'cp -a' });
    await world.sim.die();
    world.close();
    const { url } = await startServing({ ...copy, env: { ...copy.env, SLUICE_HOME: copy.home } }, ...world.args);
    const now = new Map<string, readonly [number, string]>();
    for (const route of routes) now.set(route.path, await get(url, route));
    expect([...now]).toEqual([...well]);
  },
  60_000,
);
